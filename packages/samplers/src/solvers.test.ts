import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { rectifiedFlow, trigonometric, uniformGrid } from "@gen/schedules";
import { foldIn, key, normalArray, uniformArray } from "@gen/tensor";
import { describe, expect, test } from "vitest";
import { arrayEvaluator, type Points } from "../test/array-evaluator.ts";
import { numberEvaluator } from "../test/gaussian.ts";
import { measuredOrder, run } from "../test/measured-order.ts";
import { members } from "../test/members.ts";
import { mixture1D, mixture2D, moments, pointsAt, posteriorMean } from "../test/mixtures.ts";
import { dormandPrince, dpmSolverAdaptive, heun, rungeKutta, type SamplerState } from "./index.ts";

const data = { mean: 0.5, std: 0.3 };
const all = members.map((member) => [member.name, member] as const);
const ordered = all.filter(([, { order }]) => order !== undefined);
const stochastic = all.filter(([, { order }]) => order === undefined);
const evaluator = arrayEvaluator(trigonometric, posteriorMean(mixture2D));

/** A mixture's points at a time, exact. */
function exactPoints(mixture: typeof mixture2D, t: number, count: number, seed: number): Points {
  const normals = normalArray(foldIn(key(seed), 0), count * mixture.dims);
  const uniforms = uniformArray(foldIn(key(seed), 1), count);
  return pointsAt(mixture, trigonometric.a(t), trigonometric.b(t), normals, uniforms);
}

describe.each(ordered)("%s", (_name, member) => {
  test.each([
    ["1-D", mixture1D],
    ["2-D", mixture2D],
  ])("has its theoretical order on the %s mixture, from 320 steps on", (_dims, mixture) => {
    const { slope } = measuredOrder(member, mixture);
    expect(Math.abs(slope - (member.order as number))).toBeLessThan(0.1);
  });

  test.skipIf(member.evenSigma)("says its order", () => {
    expect(member.make(uniformGrid(320)).order).toBe(member.order);
  });
});

describe.each(stochastic)("%s", (_name, { make }) => {
  const count = 4000;
  const times = Array.from({ length: 121 }, (_, i) => 0.95 - (0.9 * i) / 120);

  test("reproduces mean, covariance and distribution of the 2-D mixture at every noise level", () => {
    const sampler = make(times);
    let state: SamplerState<Points> = {
      index: 0,
      x: exactPoints(mixture2D, 0.95, count, 1),
      key: key(7),
    };
    for (const index of [40, 80, 120]) {
      state = run(sampler, evaluator, state, index);
      const t = times[index] as number;
      const exact = moments(mixture2D, trigonometric.a(t), trigonometric.b(t));
      const found = sampleMoments(state.x);
      for (const d of [0, 1]) {
        const sd = Math.sqrt(exact.covariance[d]![d]!);
        expect(Math.abs(found.mean[d]! - exact.mean[d]!) / sd).toBeLessThan(0.06);
        for (const e of [0, 1]) {
          const scale = Math.sqrt(exact.covariance[d]![d]! * exact.covariance[e]![e]!);
          const difference = found.covariance[d]![e]! - exact.covariance[d]![e]!;
          expect(Math.abs(difference) / scale).toBeLessThan(0.08);
        }
      }
      const others = exactPoints(mixture2D, t, count, 2);
      for (const [u, v] of [
        [1, 0],
        [0, 1],
        [0.6, 0.8],
      ] as const) {
        expect(kolmogorovSmirnov(along(state.x, u, v), along(others, u, v))).toBeLessThan(1.95);
      }
    }
  });
});

function sampleMoments(x: Points): { mean: number[]; covariance: number[][] } {
  const n = x.length / 2;
  const mean = [0, 1].map((d) => {
    let sum = 0;
    for (let i = d; i < x.length; i += 2) sum += x[i]!;
    return sum / n;
  });
  const covariance = [0, 1].map((d) =>
    [0, 1].map((e) => {
      let sum = 0;
      for (let i = 0; i < x.length; i += 2) sum += (x[i + d]! - mean[d]!) * (x[i + e]! - mean[e]!);
      return sum / n;
    }),
  );
  return { mean, covariance };
}

function along(x: Points, u: number, v: number): Float64Array {
  return Float64Array.from(
    { length: x.length / 2 },
    (_, i) => u * x[2 * i]! + v * x[2 * i + 1]!,
  ).sort();
}

/** Kolmogorov and Smirnov's statistic of two sorted samples, times √(nm/(n+m)): above 1.95 with probability 0.001. */
function kolmogorovSmirnov(one: Float64Array, two: Float64Array): number {
  let [i, j, distance] = [0, 0, 0];
  while (i < one.length && j < two.length) {
    if (one[i]! <= two[j]!) i++;
    else j++;
    distance = Math.max(distance, Math.abs(i / one.length - j / two.length));
  }
  return distance * Math.sqrt((one.length * two.length) / (one.length + two.length));
}

describe.each(all)("%s", (_name, { make }) => {
  const start = (): SamplerState<Points> => ({
    index: 0,
    x: Float64Array.of(0.3, -0.8, 1.1, 0.4),
    key: key(3),
  });
  const times = [0.9, 0.75, 0.6, 0.4, 0.25, 0.1];

  test("keeps nothing between steps: two runs in turns, and one that goes on from JSON, give the same numbers", () => {
    const sampler = make(times);
    const whole = run(sampler, evaluator, start());
    const other = { ...start(), x: Float64Array.of(-1, 0.2) };
    let one = start();
    let two: SamplerState<Points> = other;
    for (let i = 0; i < 5; i++) {
      one = run(sampler, evaluator, deepFrozen(one), i + 1);
      two = run(sampler, evaluator, deepFrozen(two), i + 1);
      const { history, ...rest } = one;
      const read = JSON.parse(
        JSON.stringify({ ...rest, x: [...one.x], history: history?.map((h) => [...h]) }),
      ) as { x: number[]; history?: number[][] };
      one = {
        ...one,
        x: Float64Array.from(read.x),
        ...(read.history && { history: read.history.map((h) => Float64Array.from(h)) }),
      };
    }
    expect(one.x).toEqual(whole.x);
    expect(two.x).toEqual(run(sampler, evaluator, other).x);
    expect(() => sampler.step(one, evaluator)).toThrow("step 5 does not exist, the plan has 5");
  });

  test("reaches data from pure noise on the rectified-flow path, with 1 step and with 12", () => {
    const flow = arrayEvaluator(rectifiedFlow, posteriorMean(mixture2D));
    for (const steps of [1, 12]) {
      const { x } = run(make(uniformGrid(steps)), flow, start());
      expect([...x].every((v) => Math.abs(v) < 3)).toBe(true);
    }
  });

  test("does not change when the caller's list of times does", () => {
    const given = [...times];
    const sampler = make(given);
    given[1] = 0.1;
    expect(sampler.times).toEqual(times);
    expect(Object.isFrozen(sampler) && Object.isFrozen(sampler.times)).toBe(true);
  });

  test("refuses times that do not fall, in one sentence", () => {
    expect(() => make([1])).toThrow("times must hold at least 2 numbers (one step), got 1");
    expect(() => make([1, 0.5, 0.5, 0])).toThrow("got 0.5 after 0.5 at place 2");
    expect(() => make([1, NaN])).toThrow("got NaN after 1 at place 1");
    expect(() => make([1, -0.1])).toThrow("not go below 0, got -0.1");
  });
});

describe.each(stochastic)("%s", (_name, { make }) => {
  test("asks for a key", () => {
    const state = { index: 0, x: Float64Array.of(1, 2) };
    expect(() => run(make([0.9, 0.6, 0.3, 0.2]), evaluator, state)).toThrow("give it a key");
  });
});

function deepFrozen(state: SamplerState<Points>): SamplerState<Points> {
  if (state.history) Object.freeze(state.history);
  return Object.freeze(state);
}

test("every solver goes on from JSON in another process with the same numbers", () => {
  const times = [0.9, 0.75, 0.6, 0.4, 0.25, 0.1];
  const start = { index: 0, x: Float64Array.of(0.3, -0.8, 1.1, 0.4), key: key(3) };
  const whole = members.map(({ make }) => [...run(make(times), evaluator, start).x]);
  const states = members.map(({ make }) => {
    const { history, ...state } = run(make(times), evaluator, start, 3);
    return { ...state, x: [...state.x], history: history?.map((h) => [...h]) };
  });
  const script = fileURLToPath(new URL("../test/resume.ts", import.meta.url));
  const written = execFileSync(
    process.execPath,
    ["--conditions=@gen/source", "--import=tsx", script],
    { input: JSON.stringify({ times, states }), encoding: "utf8" },
  );
  expect(JSON.parse(written)).toEqual(whole);
}, 20_000);

test("Heun evaluates twice a step, but only once in the step to 0", () => {
  const seen: number[] = [];
  const numbers = numberEvaluator(rectifiedFlow, data);
  run(
    heun([1, 0.5, 0]),
    {
      ...numbers,
      predict: (x, t, wanted) => {
        seen.push(t);
        return numbers.predict(x, t, wanted);
      },
    },
    { index: 0, x: 1.2 },
  );
  expect(seen).toEqual([1, 0.5, 0.5]);
});

test("a tableau whose rows do not fit is refused", () => {
  const broken = { order: 2, c: [0, 1], a: [[], []], b: [0.5, 0.5] };
  expect(() => rungeKutta("mine", broken, [1, 0])).toThrow(
    "mine: a tableau of 2 stages needs 2 numbers in b",
  );
});

describe.each([
  ["dormandPrince", dormandPrince],
  ["dpmSolverAdaptive", dpmSolverAdaptive],
] as const)("%s", (name, make) => {
  const from = 0.9;
  const exact = run(dormandPrince([from, 0.05], { absolute: 1e-13, relative: 1e-13 }), evaluator, {
    index: 0,
    x: Float64Array.of(0.3, -0.8, 1.1, 0.4),
  }).x;

  test.each([1e-4, 1e-6, 1e-8])(
    "keeps its error near a tolerance of %s, whatever is asked for between",
    (tolerance) => {
      for (const times of [
        [from, 0.05],
        [from, 0.5, 0.2, 0.05],
      ]) {
        const options = { absolute: tolerance, relative: tolerance };
        const start = { index: 0, x: Float64Array.of(0.3, -0.8, 1.1, 0.4) };
        const { x } = run(make(times, options), evaluator, start);
        const error = Math.max(...x.map((v, i) => Math.abs(v - exact[i]!)));
        expect(error).toBeLessThan(20 * tolerance);
      }
    },
  );

  test("goes on from JSON in the middle of a step of the plan with the same numbers", () => {
    const sampler = make([from, 0.05]);
    let state: SamplerState<Points> = { index: 0, x: Float64Array.of(0.3, -0.8) };
    const whole = run(sampler, evaluator, state).x;
    while (state.index < 1) {
      const attempt = sampler.step(state, evaluator);
      const judged = sampler.judge(attempt, attempt.history![1]![0]!);
      state = { ...judged, control: JSON.parse(JSON.stringify(judged.control)) as number[] };
    }
    expect(state.x).toEqual(whole);
  });

  test("says where a model fails, and refuses tolerances that are none", () => {
    const broken = { ...evaluator, predict: (x: Points) => x.map(() => NaN) };
    const state = { index: 0, x: Float64Array.of(1, 2) };
    expect(() => run(make([0.9, 0.1]), broken, state)).toThrow(
      new RegExp(`${name}: the error of the step from t = 0.9 to 0.8\\d+ is NaN`),
    );
    expect(() => make([1, 0.1], { relative: 0 })).toThrow(
      `${name}: relative must be a positive number, got 0`,
    );
  });
});
