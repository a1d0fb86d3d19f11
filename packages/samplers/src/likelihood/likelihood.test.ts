import { beforeAll, describe, expect, test } from "vitest";
import {
  bitsPerDimension,
  gaussianDensity,
  hutchinsonDivergence,
  mixtureDensity,
  oracleDenoiser,
} from "@gen/probability";
import { edm, rectifiedFlow, trigonometric, uniformGrid, variancePreserving } from "@gen/schedules";
import { add, key, memory, mul, tensor, type Tensor, useBackend } from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { gaussianDenoiser } from "../../test/gaussian.ts";
import { ddim, dormandPrince, euler, heun, rk4, sample, type Sampler } from "../index.ts";
import { dequantized, logLikelihood } from "./index.ts";

const line = mixtureDensity(
  [gaussianDensity([-1], 0.25), gaussianDensity([0.8], 0.1225)],
  [0.35, 0.65],
);
const plane = mixtureDensity(
  [
    gaussianDensity([-1, 0.2], [0.16, 0.36]),
    gaussianDensity(
      [0.7, 0.8],
      [
        [0.25, 0.1],
        [0.1, 0.09],
      ],
    ),
    gaussianDensity([0.4, -1], [0.1225, 0.25]),
  ],
  [0.3, 0.45, 0.25],
);
const points = {
  line: [-2, -1, -0.3, 0, 0.4, 0.8, 1.7],
  plane: [-1, 0.2, 0.7, 0.8, 0, 0, 1.5, -0.5, -2, 1, 0.4, -1.3],
};

/** The largest difference in nats. */
function worst(actual: ArrayLike<number>, exact: ArrayLike<number>): number {
  expect(actual.length).toBe(exact.length);
  return Math.max(...Array.from(actual, (v, i) => Math.abs(v - exact[i]!)));
}

beforeAll(async () => {
  await useBackend();
});

describe.each([
  ["1-D", line, points.line],
  ["2-D", plane, points.plane],
] as const)("the likelihood of a %s mixture is its log-density to 1e-3 nats", (_name, p, x) => {
  const data = (): Tensor => tensor([...x], [x.length / p.dimensions, p.dimensions]);

  test.each([rectifiedFlow, trigonometric, variancePreserving(), edm({ sigmaMax: 20 })])(
    "with step-size control on the path $name",
    async (path) => {
      // Where some data are left in the noise, the exact prior is the mixture at that time.
      const end = p.noised(path.a(path.end), path.b(path.end));
      const prior = (at: Tensor): Tensor =>
        tensor(Float32Array.from(end.logDensity(at.dataSync())), [at.shape[0] as number]);
      const { nats } = await logLikelihood({
        denoiser: oracleDenoiser(p, path),
        data: data(),
        ...(path.a(path.end) > 1e-6 && { prior }),
      });
      expect(worst(await nats.data(), p.logDensity(x))).toBeLessThan(1e-3);
    },
  );

  test.each([
    ["rk4", rk4, 40],
    ["heun", heun, 200],
  ] as const)("with the fixed steps of %s", async (_solver, solver, steps) => {
    const { nats } = await logLikelihood({
      denoiser: oracleDenoiser(p, rectifiedFlow),
      data: data(),
      times: uniformGrid(steps),
      solver,
    });
    expect(worst(await nats.data(), p.logDensity(x))).toBeLessThan(1e-3);
  });
});

test("a model that predicts the noise or the data has the same likelihood", async () => {
  const x = tensor(points.line, [7, 1]);
  for (const kind of ["noise", "data"] as const) {
    const { nats } = await logLikelihood({
      denoiser: oracleDenoiser(line, rectifiedFlow, kind),
      data: x,
      times: [0.9999, 1e-5],
    });
    expect(worst(await nats.data(), line.logDensity(points.line))).toBeLessThan(2e-3);
  }
});

test("Hutchinson's estimate is exact in 1-D, and right on average in 2-D with signs and with normal numbers", async () => {
  const solve = (source: typeof line, x: Tensor, seed: number, kind: "rademacher" | "gaussian") =>
    logLikelihood({
      denoiser: oracleDenoiser(source, rectifiedFlow),
      data: x,
      times: uniformGrid(20),
      solver: rk4,
      divergence: (field, at) => hutchinsonDivergence(field, at, key(seed), kind),
    });
  const one = await solve(line, tensor(points.line, [7, 1]), 1, "rademacher");
  expect(worst(await one.nats.data(), line.logDensity(points.line))).toBeLessThan(2e-3);
  // The same point many times: each row has directions of its own.
  const many = tensor(Array.from({ length: 4000 }, () => [0.3, 0.5]));
  const exact = plane.logDensity([0.3, 0.5])[0] as number;
  for (const kind of ["rademacher", "gaussian"] as const) {
    const { nats } = await solve(plane, many, 2, kind);
    const values = Array.from(await nats.data());
    const mean = values.reduce((sum, v) => sum + v, 0) / 4000;
    const spread = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 4000);
    expect(spread).toBeGreaterThan(0.01);
    expect(Math.abs(mean - exact)).toBeLessThan((4 * spread) / Math.sqrt(4000) + 2e-3);
  }
});

test("the latents are the noise of the flow: sampling from them gives the data again", async () => {
  const x = tensor([0.5, -1, 0.2, 0.9], [1, 2, 2]);
  const denoiser = gaussianDenoiser(trigonometric, { mean: 0.5, std: 0.3 }, "velocity");
  const { nats, latents } = await logLikelihood({
    denoiser,
    data: x,
    times: uniformGrid(50),
    solver: rk4,
  });
  expectClose(await latents.data(), [0, -5, -1, 4 / 3], 1e-4);
  const sampler = dormandPrince([1, 0]);
  expectClose(
    await (await sample({ denoiser, sampler, noise: latents })).data(),
    await x.data(),
    1e-3,
  );
  const exact = gaussianDensity([0.5, 0.5, 0.5, 0.5], 0.09).logDensity([0.5, -1, 0.2, 0.9]);
  expect(worst(await nats.data(), exact)).toBeLessThan(2e-3);
});

test("dequantised levels fill their cells, and a uniform model of bytes takes 8 bits", async () => {
  const levels = tensor([0, 1, 128, 255], [4]);
  const made = await dequantized(key(0), levels).data();
  const cells = Array.from(made, (v) => Math.floor((v + 1) * 128));
  expect(cells).toEqual([0, 1, 128, 255]);
  const again = await dequantized(key(0), levels).data();
  expect(again).toEqual(made);
  const many: Float32Array = await dequantized(key(1), tensor(new Float32Array(20000)), {
    levels: 4,
    low: 0,
    high: 8,
  }).data<"float32">();
  const mean = many.reduce((sum, v) => sum + v, 0) / 20000;
  expect(mean).toBeCloseTo(1, 1);
  expect(Math.min(...many) >= 0 && Math.max(...many) < 2).toBe(true);
  // Density 1/2 on [-1, 1], cells of 2/256.
  expect(bitsPerDimension(Math.log(0.5), 1, { binWidth: 2 / 256 })).toBeCloseTo(8, 12);
  expect(() => dequantized(key(0), levels, { levels: 0 })).toThrow(
    "levels must be a positive integer",
  );
  expect(() => dequantized(key(0), levels, { low: 1, high: 1 })).toThrow("low must be below high");
});

describe("logLikelihood", () => {
  const denoiser = gaussianDenoiser(rectifiedFlow, { mean: 0, std: 1 }, "velocity");
  const data = (): Tensor => tensor([1, 2, 3, 4], [2, 2]);

  test("leaves two tensors, or none where it fails or is stopped", async () => {
    const x = data();
    const { numTensors } = memory();
    const { nats, latents } = await logLikelihood({ denoiser, data: x });
    expect(memory().numTensors).toBe(numTensors + 2);
    nats.dispose();
    latents.dispose();
    const broken = { ...denoiser, predict: (at: Tensor) => mul(add(at, NaN), 1) as Tensor };
    const solver = euler;
    await expect(
      logLikelihood({ denoiser: broken, data: x, times: [1, 0.5, 0.1], solver }),
    ).rejects.toThrow(
      "logLikelihood: got numbers that are not finite; look at what the denoiser predicts between t = 0.1 and 1",
    );
    await expect(logLikelihood({ denoiser: broken, data: x })).rejects.toThrow("is NaN");
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(logLikelihood({ denoiser, data: x, signal })).rejects.toThrow("enough");
    expect(memory().numTensors).toBe(numTensors);
    expect(x.isDisposed).toBe(false);
  });

  test("refuses what it cannot integrate, in one sentence", async () => {
    await expect(
      logLikelihood({
        denoiser,
        data: data(),
        times: [1, 0.5, 0.1],
        solver: ddim as (times: readonly number[]) => Sampler,
      }),
    ).rejects.toThrow("take a Runge–Kutta method, which needs the velocity alone");
    await expect(logLikelihood({ denoiser, data: data(), times: [2, 0] })).rejects.toThrow(
      "logLikelihood: the path rectifiedFlow ends at t = 1, got times from 2",
    );
    await expect(logLikelihood({ denoiser, data: data(), times: [0, 1] })).rejects.toThrow(
      "logLikelihood: times must fall",
    );
    await expect(logLikelihood({ denoiser, data: tensor([1, 2]) })).rejects.toThrow(
      "data must be points [batch, …], got [2]",
    );
  });
});
