import {
  betaPath,
  edm,
  karrasGrid,
  linearBetas,
  type Path,
  rectifiedFlow,
  uniformGrid,
} from "@gen/schedules";
import { key } from "@gen/tensor";
import { describe, expect, test } from "vitest";
import { numberEvaluator } from "../test/gaussian.ts";
import { run } from "../test/measured-order.ts";
import {
  analyticVariance,
  ddim,
  ddpm,
  dpm2,
  dpmSolverPlusPlus,
  dpmSolverPlusPlusMultistep,
  euler,
  type Evaluator,
  forwardVariance,
  halfCurvature,
  type Point,
  heun,
  posteriorVariance,
  rk4,
  type Sampler,
  saSolver,
  sdeDpmSolverPlusPlus,
  uniPC,
  lms,
  ipndm,
} from "./index.ts";

const solve = (sampler: Sampler, path: Path, data: { mean: number; std: number }, x: number) =>
  run(sampler, numberEvaluator(path, data), { index: 0, x }).x;

test.each([
  [1, 0.5],
  [5, 0.739857164722891],
  [10, 0.7962385917719148],
  [50, 0.8463848107512723],
])("Euler on rectified flow with %d steps has the golden value", (steps, value) => {
  const data = { mean: 0.5, std: 0.3 };
  expect(solve(euler(uniformGrid(steps)), rectifiedFlow, data, 1.2)).toBeCloseTo(value, 13);
});

test.each([
  ["Euler", euler(karrasGrid(18)), 0.7214450685214475],
  ["Heun", heun(karrasGrid(18)), 0.8256460446122931],
  [
    "DPM-Solver++ 2M",
    dpmSolverPlusPlusMultistep(karrasGrid(18), { lowerOrderFinal: false }),
    0.8291482991394663,
  ],
  ["DPM2", dpm2(karrasGrid(18)), 0.8138667904075203],
])("%s on EDM's path from σ = 80 has the golden value", (_name, sampler, value) => {
  expect(solve(sampler, edm(), { mean: 0.3, std: 0.5 }, 80)).toBeCloseTo(value, 12);
});

test.each([
  [0, 0.7981152712811139],
  [0.002, 0.7981192561873446],
])("EDM's flow from σ = 80 ends, at σ = %s, where the golden value says", (last, value) => {
  const sampler = rk4(karrasGrid(2000).slice(0, last === 0 ? undefined : -1));
  expect(solve(sampler, edm(), { mean: 0.3, std: 0.5 }, 80)).toBeCloseTo(value, 10);
});

test("half the curvature is the released formula of three predictions", () => {
  const [lambda0, lambda1, lambda2, end] = [-0.3, -0.9, -1.2, 0.4];
  const [m0, m1, m2] = [0.7, -0.2, 1.1];
  const sigma = (lambda: number): number => Math.exp(-lambda);
  const points = [lambda0, lambda1, lambda2].map((l) => ({
    t: sigma(l),
    a: 1,
    b: sigma(l),
    lambda: l,
  }));
  const [from] = points as [Point];
  const to = { t: sigma(end), a: 1, b: sigma(end), lambda: end };
  const weights = halfCurvature({ path: edm(), kind: "data", from, to, nodes: points, eta: 0 });
  const h = end - lambda0;
  const [r0, r1] = [(lambda0 - lambda1) / h, (lambda1 - lambda2) / h];
  const [near, far] = [(m0 - m1) / r0, (m1 - m2) / r1];
  const slope = near + (r0 / (r0 + r1)) * (near - far);
  const curvature = (near - far) / (r0 + r1);
  const e = Math.exp(-h) - 1;
  const released = -e * m0 + (e / h + 1) * slope - ((e + h) / h ** 2 - 0.5) * curvature;
  const found = weights[0]! * m0 + weights[1]! * m1 + weights[2]! * m2;
  expect(found).toBeCloseTo(released, 13);
});

/** A step's mean and standard deviation where the noise prediction is given. */
function gaussianOf(sampler: Sampler, path: Path, x: number, e: number): [number, number] {
  const at = (noise: number): number => {
    const evaluator: Evaluator<number> = {
      ...numberEvaluator(path, { mean: 0, std: 1 }),
      predict: (input, t, wanted) => (wanted === "data" ? (input - path.b(t) * e) / path.a(t) : e),
      normal: () => noise,
    };
    return sampler.step({ index: 0, x, key: key(0) }, evaluator).x;
  };
  return [at(0), at(1) - at(0)];
}

describe("on the linear table", () => {
  const path = betaPath(linearBetas());
  // The golden table counts from 0, the path from 1.
  const [coarse, fine] = [
    [501, 401],
    [501, 500],
  ];

  test.each([
    [coarse, 1.3989059744406152, 0.7231963492714132],
    [fine, 0.7067064133882122, 0.10025635031712277],
  ])("DDIM with η = 1 and DDPM are Bayes' rule for the stride %j", (times, mean, std) => {
    for (const sampler of [ddim(times as number[], { eta: 1 }), ddpm(times as number[])]) {
      const found = gaussianOf(sampler, path, 0.7, -0.3);
      expect(found[0]).toBeCloseTo(mean, 10);
      expect(found[1]).toBeCloseTo(std, 10);
    }
  });

  test("η = 1/2 halves the standard deviation, where the notes' η·β̃ would not", () => {
    const [, std] = gaussianOf(ddim([501, 401], { eta: 0.5 }), path, 0.7, -0.3);
    expect(std).toBeCloseTo(0.3615981746, 9);
  });

  test("the posterior's coefficients and β̃ are the golden ones", () => {
    expect(posteriorVariance(path, 501, 500)).toBeCloseTo(0.010051335778909593, 14);
    expect(forwardVariance(path, 501, 500)).toBeCloseTo(path.betas[500] as number, 14);
    const probe = (x: number, data: number): number => {
      const evaluator: Evaluator<number> = {
        ...numberEvaluator(path, { mean: 0, std: 1 }),
        predict: () => data,
        normal: () => 0,
      };
      return ddpm([501, 500]).step({ index: 0, x, key: key(0) }, evaluator).x;
    };
    expect(probe(0, 1)).toBeCloseTo(0.003058057075629619, 14);
    expect(probe(1, 0)).toBeCloseTo(0.9941043507567258, 14);
  });

  test("the analytic variance of normal data makes one step of DDPM exact", () => {
    const std = 0.6;
    const noisePower = (t: number): number =>
      path.b(t) ** 2 / ((path.a(t) * std) ** 2 + path.b(t) ** 2);
    const [from, to] = [901, 401];
    const before = (path.a(from) * std) ** 2 + path.b(from) ** 2;
    const slope = (path.a(from) * std ** 2) / before;
    const evaluator: Evaluator<number> = {
      ...numberEvaluator(path, { mean: 0, std }),
      predict: (x) => slope * x,
      normal: () => 0,
    };
    const step = ddpm([from, to]).step({ index: 0, x: 1, key: key(0) }, evaluator).x;
    const after = step ** 2 * before + analyticVariance(noisePower)(path, from, to);
    expect(after).toBeCloseTo((path.a(to) * std) ** 2 + path.b(to) ** 2, 10);
  });
});

test("impossible settings are refused in one sentence", () => {
  expect(() => ddim([1, 0], { eta: -0.1 })).toThrow(
    "ddim: eta must be a number not below 0, got -0.1",
  );
  expect(() => heun([1, 0], { amount: -1 })).toThrow(
    "heun: churn.amount must be a number not below 0, got -1",
  );
  expect(() => sdeDpmSolverPlusPlus([1, 0], { eta: -1 })).toThrow(
    "sdeDpmSolverPlusPlus: eta must be a number not below 0, got -1",
  );
  const wild = saSolver([0.9, 0.1], { tau: () => -1 });
  expect(() => solve(wild, rectifiedFlow, { mean: 0, std: 1 }, 1)).toThrow(
    /^saSolver: tau must be a number not below 0, got -1 at σ = 9/,
  );
  expect(() => solve(euler([2, 1, 0]), rectifiedFlow, { mean: 0, std: 1 }, 1)).toThrow(
    "euler: the path rectifiedFlow ends at t = 1, got a time 2",
  );
  for (const [make, most] of [
    [dpmSolverPlusPlus, 3],
    [dpmSolverPlusPlusMultistep, 3],
    [uniPC, 3],
    [lms, 4],
    [ipndm, 4],
  ] as const) {
    expect(() => make([1, 0], { order: 5 as never })).toThrow(
      `${make.name}: order must be an integer from 1 to ${most}, got 5`,
    );
  }
  for (const make of [uniPC, saSolver]) {
    expect(() => make([1, 0], { variant: "bh3" as never })).toThrow(
      `${make.name}: variant must be bh1 or bh2, got bh3`,
    );
  }
  expect(() => euler([])).toThrow("times must hold at least 2 numbers (one step), got 0");
});
