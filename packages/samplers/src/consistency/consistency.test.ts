import { beforeAll, describe, expect, test } from "vitest";
import {
  betaPath,
  consistencyPreconditioning,
  edm,
  type Path,
  predictionConversion,
  rectifiedFlow,
  scaledLinearBetas,
  trigonometric,
  uniformGrid,
} from "@gen/schedules";
import { add, div, key, mul, reshape, sub, tensor, tidy, useBackend } from "@gen/tensor";
import type { Tensor } from "@gen/tensor";
import { arrayEvaluator, type Points } from "../../test/array-evaluator.ts";
import { TorchGenerator } from "../../test/torch-generator.ts";
import { latentConsistency, precondition, staticThreshold } from "../denoisers/index.ts";
import {
  type Denoiser,
  type Evaluator,
  type Sampler,
  type SamplerState,
  tensorEvaluator,
} from "../index.ts";
import { consistency, trajectoryConsistency } from "./index.ts";

function run(sampler: Sampler, evaluator: Evaluator<Points>, x: Points): Points {
  let state: SamplerState<Points> = { index: 0, x, key: key(5) };
  while (state.index < sampler.times.length - 1) state = sampler.step(state, evaluator);
  return state.x;
}

function moments(x: Points): { mean: number; std: number } {
  const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
  return { mean, std: Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length) };
}

const data = { mean: 0.5, std: 0.3 };

/** Where the flow through x_t ends, at time `end`: the consistency function of Gaussian data. */
function flowEnd(path: Path, end = 0): Evaluator<Points> {
  const spread = (t: number): number => Math.hypot(path.a(t) * data.std, path.b(t));
  return {
    ...arrayEvaluator(path, (x) => x),
    predict: (x, t) =>
      x.map(
        (v) => path.a(end) * data.mean + ((v - path.a(t) * data.mean) * spread(end)) / spread(t),
      ),
  };
}

/** Noise at the end of a path: standard normal quantiles, so that moments of the start are exact. */
function noise(path: Path, count = 4000): Points {
  const generator = new TorchGenerator(1);
  const z = generator.randn(count);
  const { mean, std } = moments(z);
  return z.map((v) => ((v - mean) / std) * path.b(path.end));
}

describe.each([rectifiedFlow, trigonometric, edm()])("on the path $name", (path) => {
  const low = 0.002 * path.end;
  test("one step of an exact consistency function is the flow", () => {
    const x = noise(path);
    const direct = flowEnd(path).predict(x, path.end, "data");
    expect(run(consistency([path.end, 0]), flowEnd(path), x)).toEqual(direct);
  });

  test.each([0, low])("many steps to t = %f keep the distribution of the data there", (end) => {
    const times = [path.end, path.end * 0.5, path.end * 0.2, path.end * 0.05, end];
    const made = moments(run(consistency(times), flowEnd(path, end), noise(path)));
    expect(made.mean).toBeCloseTo(path.a(end) * data.mean, 1.5);
    expect(made.std / Math.hypot(path.a(end) * data.std, path.b(end))).toBeCloseTo(1, 1.3);
  });

  test("TCD with γ = 1 is consistency sampling, and with γ = 0 draws no noise", () => {
    const times = [path.end * 0.9, path.end * 0.4, path.end * 0.1, 0];
    const x = noise(path, 100);
    const far = run(trajectoryConsistency(times, { gamma: 1 }), flowEnd(path), x);
    const consistent = run(consistency(times), flowEnd(path), x);
    far.forEach((v, i) => expect(v).toBeCloseTo(consistent[i] as number, 9));
    const silent = {
      ...flowEnd(path),
      normal: () => {
        throw new Error("no noise is wanted");
      },
    };
    expect(run(trajectoryConsistency(times, { gamma: 0 }), silent, x)).toHaveLength(100);
  });
});

describe("values of diffusers' schedulers", () => {
  beforeAll(async () => {
    await useBackend();
  });
  // Its tests' sample, [4, 3, 8, 8], and its dummy model x·t/(t + 1).
  const sample = new Float64Array(768);
  for (let i = 0; i < 768; i++) sample[(i % 4) * 192 + Math.floor(i / 4)] = i / 768;
  const sumOfSizes = (x: ArrayLike<number>): number =>
    Array.from(x).reduce((sum, v) => sum + Math.abs(v), 0);

  /** Runs a sampler on tensors, with PyTorch's noise. */
  async function sizeOf(sampler: Sampler, denoiser: Denoiser, start: Points): Promise<number> {
    const generator = new TorchGenerator(0);
    const evaluator: Evaluator<Tensor> = {
      ...tensorEvaluator(denoiser),
      normal: (like) =>
        tensor(Float32Array.from(generator.randn(like.size)), like.shape, "float32"),
    };
    const x = tidy(() => {
      let state: SamplerState<Tensor> = {
        index: 0,
        x: tensor(Float32Array.from(start), [4, 192]),
        key: key(0),
      };
      while (state.index < sampler.times.length - 1) state = sampler.step(state, evaluator);
      return state.x;
    });
    return sumOfSizes(await x.data());
  }

  test("the consistency scheduler with one and with two steps", async () => {
    // It tells its networks 250·ln σ.
    const dummy = (x: Tensor, noise: Tensor): Tensor => {
      const t = mul(noise, 1000);
      return mul(x, reshape(div(t, add(t, 1)), [-1, 1]));
    };
    const model = staticThreshold(precondition(dummy, edm(), consistencyPreconditioning));
    const start = sample.map((v) => v * 80);
    const one = await sizeOf(consistency([80, 0.002]), model, start);
    expect(one / 192.7613022).toBeCloseTo(1, 4);
    const two = await sizeOf(consistency([80, 1.9128435850143433, 0.002]), model, start);
    expect(two / 347.6356405).toBeCloseTo(1, 4);
  });

  const path = betaPath(scaledLinearBetas());

  test("LCM with one and with ten steps", async () => {
    const dummy: Denoiser = {
      path,
      prediction: "noise",
      predict: (x, t) => mul(x, reshape(div(sub(t, 1), t), [-1, 1])),
    };
    const model = latentConsistency(dummy, { time: (t) => t - 1 });
    expect((await sizeOf(consistency([1000, 0]), model, sample)) / 18.7097).toBeCloseTo(1, 4);
    const ten = await sizeOf(consistency(uniformGrid(10, 1000)), model, sample);
    expect(ten / 197.7616).toBeCloseTo(1, 4);
  });

  const data = (x: Points, t: number): Points => {
    const { input, prediction } = predictionConversion(path, t, "noise", "data");
    return x.map((v) => input * v + (prediction * v * (t - 1)) / t);
  };

  test("TCD with one and with ten steps, which end at the first step of the table", () => {
    const evaluator: Evaluator<Points> = { ...arrayEvaluator(path, (x) => x), predict: data };
    const one = run(trajectoryConsistency([1000, 1], { gamma: 0 }), evaluator, sample);
    expect(sumOfSizes(one) / 29.8715).toBeCloseTo(1, 4);
    const times = [...uniformGrid(10, 1000).slice(0, 10), 1];
    const ten = run(trajectoryConsistency(times, { gamma: 0 }), evaluator, sample);
    expect(sumOfSizes(ten) / 181.204).toBeCloseTo(1, 5);
  });
});

test("what is out of range is refused in one sentence", () => {
  expect(() => trajectoryConsistency([1, 0], { gamma: 1.1 })).toThrow(
    "trajectoryConsistency: gamma must be in [0, 1], got 1.1",
  );
  expect(() => consistency([1])).toThrow("times must hold at least 2 numbers");
  const keyless = { index: 0, x: noise(rectifiedFlow, 20) };
  expect(() => consistency([1, 0.5, 0]).step(keyless, flowEnd(rectifiedFlow))).toThrow(
    "consistency: it draws noise; give it a key",
  );
});
