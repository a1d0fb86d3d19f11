import { beforeAll, describe, expect, test } from "vitest";
import {
  betaPath,
  edm,
  karrasGrid,
  linearBetas,
  type Path,
  rectifiedFlow,
  timesOfSigmas,
  trigonometric,
  uniformGrid,
  variancePreserving,
} from "@gen/schedules";
import { key, memory, mul, normal, type Tensor, tensor, useBackend } from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { arrayEvaluator, type Points } from "../../test/array-evaluator.ts";
import { gaussianDenoiser } from "../../test/gaussian.ts";
import { TorchGenerator } from "../../test/torch-generator.ts";
import { type Denoiser, euler, heun, sample, type SamplerState } from "../index.ts";
import { annealedLangevin, predictorCorrector, reverseDiffusion } from "./index.ts";

const data = { mean: 0.5, std: 0.3 };
const mean = (x: ArrayLike<number>): number => Array.from(x).reduce((s, v) => s + v, 0) / x.length;
const std = (x: ArrayLike<number>): number => {
  const m = mean(x);
  return Math.sqrt(mean(Array.from(x, (v) => (v - m) ** 2)));
};

beforeAll(async () => {
  await useBackend();
});

describe("annealed Langevin dynamics", () => {
  const path = edm({ sigmaMax: 3 });
  const evaluator = arrayEvaluator(path, (x, a, b) =>
    x.map((v) => 0.5 + ((a * 0.09) / (a * a * 0.09 + b * b)) * (v - a * 0.5)),
  );
  const levels = Array.from({ length: 10 }, (_, i) => 3 * (0.1 / 3) ** (i / 9));

  function run(times: readonly number[], moves: number, x: Points): Points {
    const sampler = annealedLangevin(times, {
      moves,
      stepSize: 0.2 * (times.at(-1) as number) ** 2,
    });
    let state: SamplerState<Points> = { index: 0, x, key: key(0) };
    while (state.index < times.length - 1) state = sampler.step(state, evaluator);
    return state.x;
  }

  test("has the marginal of each level, from the start of uniform noise that the paper takes", () => {
    const start = new TorchGenerator(0).rand(4000).map((u) => 3 * u);
    for (const count of [4, 7, 10]) {
      const times = levels.slice(0, count);
      const x = run(times, 100, start);
      const exact = Math.hypot(0.3, times.at(-1) as number);
      expect(Math.abs(mean(x) - 0.5)).toBeLessThan(0.04 * Math.max(exact, 0.5));
      expect(std(x) / exact).toBeCloseTo(1, 1);
    }
  });

  test("at one level its stationary variance is the unadjusted Langevin's", () => {
    // x ← x + α/2·score + √α·z on N(0, v) is an AR(1) with factor 1 - α/2v: variance v / (1 - α/4v).
    const score = arrayEvaluator(path, (x) => x.map(() => 0)); // data 0: x_t is N(0, b²)
    const [level, alpha] = [0.5, 0.5 * 0.25];
    const sampler = annealedLangevin([3, level], { moves: 60, stepSize: alpha });
    const x = new TorchGenerator(4).randn(20000).map((v) => v * level);
    const made = sampler.step({ index: 0, x, key: key(1) }, score).x;
    expect(std(made) ** 2 / (level ** 2 * 1.1428571)).toBeCloseTo(1, 1.5);
  });

  test("a step to 0 is the expected data", () => {
    const x = Float64Array.of(0.3, 1);
    const sampler = annealedLangevin([1, 0.2, 0]);
    const state = sampler.step({ index: 1, x, key: key(0) }, evaluator);
    expect(state.x).toEqual(evaluator.predict(x, 0.2, "data"));
  });

  test("refuses what is out of range", () => {
    expect(() => annealedLangevin([1, 0.5], { moves: 0 })).toThrow(
      "moves must be a positive integer",
    );
    expect(() => annealedLangevin([1, 0.5], { stepSize: 0 })).toThrow(
      "stepSize must be a positive",
    );
    expect(() => annealedLangevin([0.5, 1])).toThrow("annealedLangevin: times must fall");
    const state = { index: 0, x: Float64Array.of(1) };
    expect(() => annealedLangevin([1, 0.5]).step(state, evaluator)).toThrow("give it a key");
  });
});

describe("reverse diffusion", () => {
  const exact = (path: Path) =>
    arrayEvaluator(path, (x, a, b) =>
      x.map((v) => 0.5 + ((a * 0.09) / (a * a * 0.09 + b * b)) * (v - a * 0.5)),
    );

  test("is the paper's formula on a table: (2 - √(1 - β))·x + β·score + √β·z", () => {
    const path = betaPath(linearBetas());
    const beta = path.betas[499] as number;
    const x = Float64Array.of(0.7, -1);
    const evaluator = exact(path);
    const score = evaluator.predict(x, 500, "noise").map((z) => -z / path.b(500));
    const { x: made } = reverseDiffusion([500, 499]).step(
      { index: 0, x, key: key(0) },
      {
        ...evaluator,
        normal: () => Float64Array.of(1, -2),
      },
    );
    [1, -2].forEach((z, i) => {
      const expected = (2 - Math.sqrt(1 - beta)) * x[i]! + beta * score[i]! + Math.sqrt(beta) * z;
      expect(made[i]).toBeCloseTo(expected, 10);
    });
  });

  test.each([variancePreserving(), edm({ sigmaMax: 10 })])(
    "has the marginals of the path $name at each time",
    (path) => {
      const spread = (t: number): number => Math.hypot(path.a(t) * 0.3, path.b(t));
      const times = timesOfSigmas(path, karrasGrid(200, { sigmaMin: 0.02, sigmaMax: 10 }));
      const [begin] = times as [number];
      const z = new TorchGenerator(7).randn(4000);
      const x = z.map((v) => path.a(begin) * 0.5 + ((v - mean(z)) / std(z)) * spread(begin));
      let state: SamplerState<Points> = { index: 0, x, key: key(0) };
      const sampler = reverseDiffusion(times);
      while (state.index < times.length - 1) {
        state = sampler.step(state, exact(path));
        if (state.index % 40) continue;
        const t = times[state.index] as number;
        expect(std(state.x) / spread(t)).toBeCloseTo(1, 1);
        expect(Math.abs(mean(state.x) - path.a(t) * 0.5)).toBeLessThan(0.07 * spread(t));
      }
    },
  );
});

describe("predictor–corrector", () => {
  const start = (path: Path): Tensor => mul(normal(key(0), [500, 16]), path.b(path.end));

  test.each([
    [rectifiedFlow, uniformGrid(25)],
    [trigonometric, uniformGrid(25)],
    [edm(), karrasGrid(25)],
  ] as const)("keeps the distribution of the data on the path %o", async (path, times) => {
    const sampler = predictorCorrector(heun(times), { corrections: 2 });
    const denoiser = gaussianDenoiser(path, data, path.a(path.end) === 0 ? "velocity" : "data");
    const x = await sample({ denoiser, sampler, noise: start(path), key: key(1) });
    const values = await x.data();
    expect(Math.abs(mean(values) - data.mean)).toBeLessThan(0.02);
    expect(std(values) / data.std).toBeCloseTo(1, 1);
  });

  test("corrects what a coarse predictor gets wrong", async () => {
    const times = [1, 0.6, 0.3, 0.1, 0.02];
    const denoiser = gaussianDenoiser(rectifiedFlow, { mean: 0, std: 0.3 }, "velocity");
    const noise = start(rectifiedFlow);
    const error = async (sampler: Parameters<typeof sample>[0]["sampler"]): Promise<number> => {
      const x = await sample({ denoiser, sampler, noise, key: key(1) });
      return Math.abs(std(await x.data()) - Math.hypot(0.98 * 0.3, 0.02));
    };
    const predicted = await error(euler(times));
    const corrected = await error(predictorCorrector(euler(times), { snr: 0.3, corrections: 20 }));
    expect(predicted).toBeGreaterThan(0.05);
    expect(corrected).toBeLessThan(0.02);
  });

  test("moves by 2·(r·‖z‖/‖score‖)² along the score, norms averaged over the batch", async () => {
    // The predictor stands still, and the score is -x/b² at every x.
    const still: Denoiser = { path: edm(), prediction: "data", predict: (x) => mul(x, 0) };
    const sampler = {
      ...euler([2, 1]),
      step: <X>(state: SamplerState<X>) => ({ ...state, index: 1 }),
    };
    const x = [1, -2, 2, 4, 3, 0];
    const noise = tensor(x, [2, 3]);
    const state = predictorCorrector(sampler, { snr: 0.2 });
    const made = Array.from(
      await (await sample({ denoiser: still, sampler: state, noise, key: key(0) })).data(),
    );
    // Undo it: made = x + ε·score + √(2ε)·z with ‖z‖ averaged unknown: solve for ε by its own equation.
    const norms = (values: number[]): number =>
      (Math.hypot(...values.slice(0, 3)) + Math.hypot(...values.slice(3))) / 2;
    const residual = (size: number): number => {
      const z = made.map((v, i) => (v - x[i]! + size * x[i]!) / Math.sqrt(2 * size));
      return size - 2 * ((0.2 * norms(z)) / norms(x)) ** 2;
    };
    let [low, high] = [1e-6, 1];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (residual(middle) < 0) low = middle;
      else high = middle;
    }
    expect(residual(low)).toBeCloseTo(0, 6);
    const z = made.map((v, i) => (v - x[i]! + low * x[i]!) / Math.sqrt(2 * low));
    // It is the noise of the run's key.
    const again = await sample({
      denoiser: still,
      sampler: state,
      noise: tensor(
        x.map((v) => v / 2),
        [2, 3],
      ),
      key: key(0),
    });
    const half = Array.from(await again.data());
    const size = 4 * low;
    expectClose(
      half.map((v, i) => (v - x[i]! / 2 + (size * x[i]!) / 2) / Math.sqrt(2 * size)),
      z,
      1e-3,
    );
  });

  test("leaves nothing behind but the samples; the key is asked for", async () => {
    const denoiser = gaussianDenoiser(rectifiedFlow, data, "velocity");
    const noise = normal(key(2), [3, 2]);
    const { numTensors } = memory();
    const sampler = predictorCorrector(heun(uniformGrid(3)));
    (await sample({ denoiser, sampler, noise, key: key(0) })).dispose();
    expect(memory().numTensors).toBe(numTensors);
    await expect(sample({ denoiser, sampler, noise })).rejects.toThrow(
      "predictorCorrector(heun): it draws noise; give it a key",
    );
    expect(() => predictorCorrector(euler([1, 0]), { snr: 0 })).toThrow("snr must be a positive");
    expect(() => predictorCorrector(euler([1, 0]), { corrections: 1.5 })).toThrow(
      "corrections must be a positive integer, got 1.5",
    );
  });
});
