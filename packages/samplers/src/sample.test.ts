import { beforeAll, describe, expect, test } from "vitest";
import { rectifiedFlow, trigonometric, uniformGrid, type Prediction } from "@gen/schedules";
import { fill, key, memory, normal, scalar, tensor, useBackend, type Tensor } from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { gaussianDenoiser, numberEvaluator } from "../test/gaussian.ts";
import {
  ddpm,
  euler,
  forwardVariance,
  heun,
  posteriorVariance,
  sample,
  stateFromJSON,
  stateToJSON,
  trajectory,
  type Denoiser,
  type SamplerState,
} from "./index.ts";

const data = { mean: 0.5, std: 0.3 };
const denoiser = gaussianDenoiser(rectifiedFlow, data, "velocity");

beforeAll(async () => {
  await useBackend();
});

describe.each([rectifiedFlow, trigonometric])("on the path $name", (path) => {
  test.each(["velocity", "data", "noise"] as Prediction[])(
    "a model that predicts the %s gives the samples of the float64 solver",
    async (prediction) => {
      // The noise says nothing of the data where there is only noise: begin a little before.
      const times = uniformGrid(10, prediction === "noise" ? 0.95 : 1);
      const starts = [1.2, -0.3, 0, 2];
      const expected = starts.map((x) => {
        let state = { index: 0, x };
        const evaluator = numberEvaluator(path, data);
        while (state.index < 10) state = heun(times).step(state, evaluator);
        return state.x;
      });
      const noise = tensor(starts, [4, 1, 1]);
      const samples = await sample({
        denoiser: gaussianDenoiser(path, data, prediction),
        sampler: heun(times),
        noise,
      });
      expect(samples.shape).toEqual([4, 1, 1]);
      expectClose(await samples.data(), expected, 1e-5);
      samples.dispose();
      noise.dispose();
    },
  );
});

test("a run leaves one tensor, the samples; a trajectory leaves none, however it ends", async () => {
  const noise = normal(key(0), [3, 2]);
  const { numTensors } = memory();
  const samples = await sample({ denoiser, sampler: heun(uniformGrid(5)), noise });
  expect(memory().numTensors).toBe(numTensors + 1);
  samples.dispose();
  for await (const state of trajectory({ denoiser, sampler: euler(uniformGrid(5)), noise })) {
    expect(memory().numTensors).toBe(numTensors + 1);
    if (state.index === 3) break;
  }
  expect(memory().numTensors).toBe(numTensors);
  const failing: Denoiser = {
    ...denoiser,
    predict: () => {
      scalar(1);
      throw new Error("out of order");
    },
  };
  await expect(sample({ denoiser: failing, sampler: euler([1, 0]), noise })).rejects.toThrow(
    "out of order",
  );
  expect(memory().numTensors).toBe(numTensors);
  expect(noise.isDisposed).toBe(false);
  noise.dispose();
});

test("a model that hands its input back does not make the iterator dispose of the caller's noise", async () => {
  const noise = tensor([1, 2]);
  const identity: Denoiser = { ...denoiser, predict: (x) => x };
  const samples = await sample({ denoiser: identity, sampler: heun(uniformGrid(2)), noise });
  expect(noise.isDisposed).toBe(false);
  samples.dispose();
  noise.dispose();
});

test("a run cut in two by JSON gives the same numbers, bit for bit", async () => {
  const noise = normal(key(1), [4, 2]);
  const sampler = heun(uniformGrid(7));
  const whole = await sample({ denoiser, sampler, noise });
  let text = "";
  for await (const state of trajectory({ denoiser, sampler, noise })) {
    if (state.index === 3) {
      text = JSON.stringify(await stateToJSON(state));
      break;
    }
  }
  const state = stateFromJSON(JSON.parse(text));
  const resumed = await sample({ denoiser, sampler, state });
  expect(await resumed.data()).toEqual(await whole.data());
  for (const tensor of [noise, whole, resumed, state.x]) tensor.dispose();
  expect(() => stateFromJSON({ index: 0, shape: [2, 2], data: [1] })).toThrow(
    "stateFromJSON: the shape [2, 2] holds 4 numbers, got 1",
  );
});

test("an abort stops before the next step with the signal's reason", async () => {
  const noise = normal(key(2), [1, 2]);
  const { numTensors } = memory();
  const controller = new AbortController();
  const seen: number[] = [];
  const running = sample({
    denoiser,
    sampler: euler(uniformGrid(10)),
    noise,
    signal: controller.signal,
    onStep: ({ index }) => {
      seen.push(index);
      if (index === 2) controller.abort(new Error("enough"));
    },
  });
  await expect(running).rejects.toThrow("enough");
  expect(seen).toEqual([1, 2]);
  expect(memory().numTensors).toBe(numTensors);
  noise.dispose();
});

test("the denoiser gets the time of each sample as float32 [batch], and the condition", async () => {
  const noise = normal(key(3), [3, 2]);
  const labels = tensor([1, 2, 3], [3], "int32");
  const calls: [number[], string, Tensor | undefined][] = [];
  const spy: Denoiser<Tensor> = {
    ...denoiser,
    predict: (x, t, condition) => {
      calls.push([[...t.dataSync()], t.dtype, condition]);
      return denoiser.predict(x, t);
    },
  };
  (
    await sample({ denoiser: spy, sampler: euler([1, 0.5, 0]), noise, condition: labels })
  ).dispose();
  expect(calls).toEqual([
    [[1, 1, 1], "float32", labels],
    [[0.5, 0.5, 0.5], "float32", labels],
  ]);
  noise.dispose();
  labels.dispose();
});

test("what cannot be sampled is refused in one sentence", async () => {
  const noise = normal(key(4), [2, 2]);
  const sampler = euler([2, 1, 0]);
  const state: SamplerState<Tensor> = { index: 3, x: noise };
  await expect(sample({ denoiser, sampler, noise })).rejects.toThrow(
    "the path rectifiedFlow ends at t = 1, got times from 2",
  );
  const fine = euler([1, 0]);
  await expect(sample({ denoiser, sampler: fine })).rejects.toThrow("give either noise");
  await expect(sample({ denoiser, sampler: fine, noise, state })).rejects.toThrow(
    "give either noise",
  );
  await expect(sample({ denoiser, sampler: fine, state })).rejects.toThrow(
    "state.index must be an integer in [0, 1], got 3",
  );
  const wrong: Denoiser = { ...denoiser, predict: () => tensor([1]) };
  await expect(sample({ denoiser: wrong, sampler: fine, noise })).rejects.toThrow(
    "the denoiser must return the shape of x, [2, 2], got a prediction of shape [1]",
  );
  noise.dispose();
});

test("numbers that are not finite are reported with the step, its times and its noise level", async () => {
  const noise = normal(key(5), [2, 2]);
  const { numTensors } = memory();
  let calls = 0;
  const failing: Denoiser = {
    ...denoiser,
    predict: (x, t) =>
      ++calls < 3
        ? denoiser.predict(x, t)
        : tensor([
            [1, NaN],
            [0, 1],
          ]),
  };
  const sampler = euler([0.8, 0.6, 0.5, 0.2]);
  await expect(sample({ denoiser: failing, sampler, noise })).rejects.toThrow(
    "sample: step 2 of euler, from t = 0.5 (σ = 1) to t = 0.2, gave numbers that are not finite; " +
      "look at what the denoiser predicts there",
  );
  expect(memory().numTensors).toBe(numTensors);
  noise.dispose();
});

test("a learned variance comes from the model, between β̃ and β, and one without it is told so", async () => {
  const noise = normal(key(6), [1000, 1]);
  const times = [0.9, 0.6];
  const samplesOf = async (v: number): Promise<number[]> => {
    const learned: Denoiser = {
      ...denoiser,
      predictWithVariance: (x, t) => ({
        prediction: denoiser.predict(x, t),
        variance: fill(x.shape, v),
      }),
    };
    const sampler = ddpm(times, { variance: "learned" });
    const x = await sample({ denoiser: learned, sampler, noise, key: key(7) });
    const values = [...(await x.data())];
    x.dispose();
    return values;
  };
  for (const [v, variance] of [
    [-1, posteriorVariance],
    [1, forwardVariance],
  ] as const) {
    const sampler = ddpm(times, { variance });
    const plain = await sample({ denoiser, sampler, noise, key: key(7) });
    expectClose(await samplesOf(v), await plain.data(), 1e-5);
    plain.dispose();
  }
  const sampler = ddpm(times, { variance: "learned" });
  await expect(sample({ denoiser, sampler, noise, key: key(7) })).rejects.toThrow(
    "the denoiser says nothing of the variance",
  );
  noise.dispose();
});

test("noise and predictions that are no tensors of a batch are refused in one sentence", async () => {
  const denoiser = gaussianDenoiser(rectifiedFlow, { mean: 0, std: 1 }, "data");
  const sampler = euler([0.9, 0.1]);
  await expect(sample({ denoiser, sampler, noise: tensor(3) })).rejects.toThrow(
    "trajectory: noise must be a tensor [batch, …], got one number",
  );
  await expect(sample({ denoiser, sampler, noise: [1, 2] as never })).rejects.toThrow(
    "trajectory: noise must be a tensor [batch, …], got object",
  );
  const silent = { ...denoiser, predict: () => undefined as never };
  await expect(sample({ denoiser: silent, sampler, noise: tensor([1]) })).rejects.toThrow(
    "predict: the denoiser must return a tensor, got a prediction of undefined",
  );
});
