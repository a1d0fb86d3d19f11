import { beforeAll, describe, expect, test } from "vitest";
import {
  betaPath,
  edm,
  edmPreconditioning,
  linearBetas,
  type Path,
  type Prediction,
  rectifiedFlow,
  trigonometric,
  uniformGrid,
  variancePreserving,
} from "@gen/schedules";
import { compile, key, memory, mul, normal, type Tensor, tensor, useBackend } from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { gaussianDenoiser } from "../../test/gaussian.ts";
import { type Denoiser, euler, sample } from "../index.ts";
import {
  dynamicThreshold,
  latentConsistency,
  onPath,
  precondition,
  predicting,
  staticThreshold,
} from "./index.ts";

const kinds: Prediction[] = ["data", "noise", "velocity"];
const data = { mean: 0.5, std: 0.3 };

/** Answers these numbers whatever it is asked. */
function says(numbers: number[], shape: number[], prediction: Prediction = "data"): Denoiser {
  return { path: rectifiedFlow, prediction, predict: () => tensor(numbers, shape) };
}

beforeAll(async () => {
  await useBackend();
});

test.each(kinds.flatMap((from) => kinds.map((to) => [from, to] as const)))(
  "a model of the %s predicts the %s, each sample at its own time",
  async (from, to) => {
    const x = tensor([0.3, -1, 2, 0.1], [2, 2]);
    const t = tensor([0.9, 0.2]);
    const exact = gaussianDenoiser(trigonometric, data, to);
    const denoiser = predicting(gaussianDenoiser(trigonometric, data, from), to);
    expect(denoiser.prediction).toBe(to);
    const expected = await exact.predict(x, t).data();
    expectClose(await denoiser.predict(x, t).data(), expected, 1e-5);
  },
);

test("a denoiser is itself for its own kind, and says where another does not follow", () => {
  const model = gaussianDenoiser(rectifiedFlow, data, "noise");
  expect(predicting(model, "noise")).toBe(model);
  expect(() => predicting(model, "data").predict(tensor([[1]]), tensor([1]))).toThrow(
    "at t = 1 of the path rectifiedFlow the noise does not determine the data",
  );
});

describe("onPath", () => {
  const ddpm = betaPath(linearBetas());
  const pairs: [Path, Path, number][] = [
    [rectifiedFlow, edm(), 3],
    [ddpm, rectifiedFlow, 0.4],
    [edm(), trigonometric, 0.7],
    [variancePreserving(), edm(), 0.05],
    [ddpm, edm(), 60],
  ];
  test.each(pairs)(
    "takes the best model of %o to the best one of another path",
    async (old, path, time) => {
      const x = tensor([0.3, -1, 2, 0.1], [2, 2]);
      const t = tensor([time, time / 2]);
      for (const kind of kinds) {
        const moved = onPath(gaussianDenoiser(old, data, kind), path);
        const wanted = moved.prediction;
        expect(wanted).toBe(kind === "velocity" ? "v" : kind);
        const expected = await gaussianDenoiser(path, data, wanted).predict(x, t).data();
        expectClose(await moved.predict(x, t).data(), expected, 1e-4, kind);
      }
    },
  );

  test("a table's model runs as a flow from the noise that it knows", async () => {
    const flow = onPath(gaussianDenoiser(ddpm, data, "velocity"), rectifiedFlow);
    const begin = rectifiedFlow.inverseLogSnr(ddpm.logSnr(1000) + 1e-6);
    expect(begin).toBeGreaterThan(0.99);
    expect(() => flow.predict(tensor([[1]]), tensor([1]))).toThrow(
      "pathChange: the path betaPath ends",
    );
    const noise = tensor([1.2, -0.3, 0, 2], [4, 1]);
    const samples = await sample({
      denoiser: flow,
      sampler: euler(uniformGrid(400, begin)),
      noise,
    });
    expectClose(await samples.data(), [0.86, 0.41, 0.5, 1.1], 5e-3);
  });

  test("one way and back is the model itself", async () => {
    const model = gaussianDenoiser(rectifiedFlow, data, "velocity");
    const back = predicting(onPath(onPath(model, edm()), rectifiedFlow), "velocity");
    const x = normal(key(0), [2, 3]);
    const t = tensor([0.1, 0.8]);
    expectClose(await back.predict(x, t).data(), await model.predict(x, t).data(), 1e-5);
  });
});

describe("thresholding", () => {
  const values = [
    0.5, -3, 2, 0.1, 1.5, -0.2, 0.3, -1, /**/ 0.5, -0.9, 0.2, 0.1, 0.4, -0.2, 0.3, -0.8,
  ];
  const x = (): Tensor => tensor(values, [2, 2, 2, 2]);
  const t = (): Tensor => tensor([0.5, 0.5]);

  test("static clips the predicted data, whatever the model predicts", async () => {
    const clipped = values.map((v) => Math.min(Math.max(v, -1.2), 1.2));
    const model = staticThreshold(says(values, [2, 2, 2, 2]), { limit: 1.2 });
    expectClose(await model.predict(x(), t()).data(), clipped, 1e-6);
    // Noise z with x = 0.5·data + 0.5·z
    const noise = values.map((v) => -v);
    const noisy = staticThreshold(says(noise, [2, 2, 2, 2], "noise"), { limit: 1.2 });
    expect(noisy.prediction).toBe("data");
    const input = tensor(new Float32Array(16), [2, 2, 2, 2]);
    expectClose(await noisy.predict(input, t()).data(), clipped, 1e-6);
    expect(() => staticThreshold(model, { limit: 0 })).toThrow("limit must be above 0, got 0");
  });

  test.each([0.5, 0.8, 0.995, 1])(
    "dynamic at quantile %f brings each sample's |data| down from its quantile, if that is above 1",
    async (quantile) => {
      const expected = [values.slice(0, 8), values.slice(8)].flatMap((sample) => {
        const sorted = sample.map(Math.abs).sort((one, other) => one - other);
        const place = 7 * quantile;
        const low = sorted[Math.floor(place)] as number;
        const level = low + (place % 1) * ((sorted[Math.ceil(place)] as number) - low);
        const s = Math.max(level, 1);
        return sample.map((v) => Math.min(Math.max(v, -s), s) / s);
      });
      const model = dynamicThreshold(says(values, [2, 2, 2, 2]), { quantile });
      expectClose(await model.predict(x(), t()).data(), expected, 1e-6);
    },
  );

  test("dynamic with a largest s clips there; what is out of range is refused", async () => {
    const model = dynamicThreshold(says(values, [2, 2, 2, 2]), { quantile: 0.9, max: 0.5 });
    const expected = values.map((v) => Math.min(Math.max(v, -0.5), 0.5) / 0.5);
    expectClose(await model.predict(x(), t()).data(), expected, 1e-6);
    expect(() => dynamicThreshold(model, { quantile: 0 })).toThrow(
      "dynamicThreshold: quantile must be in (0, 1], got 0",
    );
    expect(() => dynamicThreshold(model, { max: -1 })).toThrow("max must be above 0, got -1");
  });
});

describe("preconditioning", () => {
  test("the exact raw network of a Gaussian gives the exact denoiser", async () => {
    const path = edm();
    // F = (E[x|x_t] - skip·x_t) / out, as a function of in·x_t and c_noise alone.
    const around = (sigma: number) => edmPreconditioning(sigma, { sigmaData: 0.3 });
    const raw = (input: Tensor, noise: Tensor): Tensor => {
      const sigma = Array.from(noise.dataSync(), (c) => Math.exp(4 * c));
      const x = Array.from(input.dataSync(), (v, i) => {
        const s = sigma[Math.floor(i / 2)] as number;
        const { skip, output, input: c } = around(s);
        const xt = v / c;
        const mean = 0.5 + (0.09 / (0.09 + s * s)) * (xt - 0.5);
        return (mean - skip * xt) / output;
      });
      return tensor(x, [2, 2]);
    };
    const model = precondition(raw, path, around);
    const x = tensor([0.3, -1, 2, 0.1], [2, 2]);
    const t = tensor([20, 0.4]);
    const expected = await gaussianDenoiser(path, data, "data").predict(x, t).data();
    expectClose(await model.predict(x, t).data(), expected, 1e-5);
  });

  test("a latent consistency model is x itself at time 0 of its network, and mixed by the paper's scalings after it", async () => {
    const path = betaPath(linearBetas());
    const network: Denoiser = { path, prediction: "data", predict: (x) => mul(x, 5) };
    const model = latentConsistency(network, { time: (t) => t - 1 });
    const x = tensor([1, 2], [2, 1]);
    const skip = 0.25 / (20 ** 2 + 0.25);
    const out = 20 / Math.sqrt(20 ** 2 + 0.25);
    expectClose(await model.predict(x, tensor([1, 3])).data(), [1, 2 * (skip + 5 * out)], 1e-6);
    expect(() => latentConsistency(network, { timeScale: -1 })).toThrow(
      "latentConsistency: timeScale must be a positive number, got -1",
    );
  });
});

test("what reads its times says so inside a compiled function, and takes a compiled model", async () => {
  const { name } = await useBackend();
  const model = gaussianDenoiser(rectifiedFlow, data, "data");
  const x = normal(key(2), [2, 4]);
  const t = tensor([0.2, 0.6]);
  const network = compile((at: Tensor) => mul(at, 0.5));
  const inside = staticThreshold({ ...model, prediction: "noise", predict: (at) => network(at) });
  const expected = Array.from(await x.data(), (v, i) => {
    const time = i < 4 ? 0.2 : 0.6;
    return Math.min(Math.max((v - time * 0.5 * v) / (1 - time), -1), 1);
  });
  expectClose(await inside.predict(x, t).data(), expected, 1e-5);
  // Only a backend that records has anything to refuse.
  if (name === "onnx") {
    const outside = compile((at: Tensor, time: Tensor) => inside.predict(at, time));
    expect(() => outside(x, t)).toThrow("compile the model inside it, not the step around it");
  }
});

test("adapters leave nothing behind but their prediction", () => {
  const model = gaussianDenoiser(rectifiedFlow, data, "velocity");
  const x = normal(key(1), [2, 4]);
  const t = tensor([0.2, 0.6]);
  const all = [
    predicting(model, "noise"),
    onPath(model, trigonometric),
    staticThreshold(model),
    dynamicThreshold(model),
    precondition(model.predict, rectifiedFlow, edmPreconditioning),
    latentConsistency(model),
  ];
  for (const denoiser of all) {
    const { numTensors } = memory();
    const predicted = denoiser.predict(x, t);
    expect(memory().numTensors).toBe(numTensors + 1);
    predicted.dispose();
  }
});
