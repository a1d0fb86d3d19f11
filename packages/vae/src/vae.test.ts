import {
  add,
  concat,
  dispose,
  fill,
  foldIn,
  key,
  mean,
  memory,
  mul,
  normal,
  reshape,
  scalar,
  square,
  sub,
  tensor,
  type Tensor,
  tidy,
  uniform,
  useBackend,
} from "@gen/tensor";
import { parameters } from "@gen/nn";
import { adam, linear, train, type Trainee, trainStep } from "@gen/train";
import { expectClose } from "@gen/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { trained } from "@gen/training-tests";
import {
  anomalyScore,
  Autoencoder,
  autoencoderLoss,
  convVAE,
  DenseNetwork,
  denseVAE,
  discretizedLogistic,
  elbo,
  gaussian,
  importanceWeights,
  iwaeLoss,
  likelihoodOf,
  logLikelihood,
  scheduled,
  VAE,
  vaeLoss,
} from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

/** z ~ N(0, 1), x | z ~ N(z, 1), so p(x) = N(0, 2) and the posterior is N(x/2, 1/2); here q = N(slope·x, variance). */
const scalarModel = (slope: number, variance: number): VAE =>
  new VAE({
    encoder: { forward: (x) => concat([mul(x, slope), fill(x.shape, Math.log(variance))], 1) },
    decoder: { forward: (z) => mul(z, 1) },
    likelihood: gaussian(),
  });
const exactLog = (x: number): number => -0.5 * (x ** 2 / 2 + Math.log(4 * Math.PI));
const meanOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;

describe("importance weights", () => {
  test("of the exact posterior are all log p(x)", async () => {
    const images = tensor([[1.3], [-0.4], [3]]);
    const model = scalarModel(0.5, 0.5);
    const weights = importanceWeights({ model, images, key: key(1), samples: 4 });
    expect(weights.shape).toEqual([4, 3]);
    const exact = [1.3, -0.4, 3].map(exactLog);
    expectClose(await weights.data(), [...exact, ...exact, ...exact, ...exact], 1e-5);
  });

  test("of one sample are the ELBO in the mean; of more, a bound that comes closer to log p(x)", async () => {
    const model = scalarModel(0, 1);
    const images = fill([20_000, 1], 1.3);
    const bound = async (samples: number): Promise<number> =>
      -(await iwaeLoss({ model, images, key: key(2), samples })["loss"]!.data())[0]!;
    const single = meanOf(await elbo({ model, images, key: key(3) }).elbo.data());
    const bounds = [await bound(1), await bound(4), await bound(16)];
    expect(bounds[0]).toBeCloseTo(single, 1);
    expect(bounds[0]).toBeLessThan(bounds[1]!);
    expect(bounds[1]).toBeLessThan(bounds[2]!);
    expect(bounds[2]).toBeLessThan(exactLog(1.3));
    expect(bounds[2]! - exactLog(1.3)).toBeGreaterThan(-0.06);
  });

  test("of 2000 samples give log p(x), in parts as at once, and the anomaly score is its negative", async () => {
    const model = scalarModel(0.3, 1);
    const images = tensor([[1.3], [-2]]);
    const options = { model, images, key: key(1), samples: 2000 };
    const before = memory().numTensors;
    const log = await logLikelihood({ ...options, atOnce: 500 });
    const score = await anomalyScore({ ...options, atOnce: 500 });
    expect(memory().numTensors).toBe(before + 2);
    expectClose(await log.data(), [exactLog(1.3), exactLog(-2)], 0.03);
    expectClose(
      await score.data(),
      Array.from(await log.data(), (v) => -v),
    );
    await expect(logLikelihood({ ...options, atOnce: 300 })).rejects.toThrow(
      "logLikelihood: atOnce must be a whole number that divides samples, got 300 and 2000",
    );
  });
});

test("a discretised logistic's probabilities of all levels sum to 1, and its mean is its location", async () => {
  const likelihood = discretizedLogistic(5);
  const levels = tensor([[-1], [-0.5], [0], [0.5], [1]]);
  const outputs = tensor(Array.from({ length: 5 }, () => [0.2, -1.5]));
  const logs = await likelihood.logProbability(levels, outputs).data();
  expect(Array.from(logs, Math.exp).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  // The middle level: σ((0.25 − 0.2)/s) − σ((−0.25 − 0.2)/s).
  const logistic = (v: number): number => 1 / (1 + Math.exp(-v * Math.exp(1.5)));
  expect(Math.exp(logs[2]!)).toBeCloseTo(logistic(0.05) - logistic(-0.45), 5);
  expectClose(await likelihood.mean(outputs).data(), [0.2, 0.2, 0.2, 0.2, 0.2]);
});

test("likelihoods have names that JSON can hold", () => {
  expect(likelihoodOf("bernoulli").outputsPerNumber).toBe(1);
  expect(likelihoodOf({ name: "discretizedLogistic", levels: 16 }).outputsPerNumber).toBe(2);
  expect(() => likelihoodOf("poisson" as "bernoulli")).toThrow("likelihoodOf: config must be");
  expect(() => discretizedLogistic(1)).toThrow("levels must be an integer of 2 or more, got 1");
});

describe("a conditional VAE", () => {
  const config = { imageSize: 4, inChannels: 1, channels: [4], latentShape: [2], classes: 3 };
  const model = (): VAE => convVAE(key(1), config);

  test("gives each label its own codes and images, and leaks nothing", async () => {
    const conditional = model();
    const images = uniform(key(2), [3, 4, 4, 1]);
    const [first, second] = [tensor([0, 1, 2], [3], "int32"), tensor([0, 2, 2], [3], "int32")];
    const before = memory().numTensors;
    const [a, b] = [conditional.encode(images, first), conditional.encode(images, second)];
    const decoded = [conditional.decode(a.mean, first), conditional.decode(a.mean, second)];
    expect(memory().numTensors).toBe(before + 6);
    const rows = (t: Tensor): number[][] =>
      tidy(() => reshape(t, [3, -1]).arraySync() as number[][]);
    for (const [left, right] of [
      [rows(a.mean), rows(b.mean)],
      [rows(decoded[0]!), rows(decoded[1]!)],
    ] as const) {
      expectClose(left[0]!, right[0]!);
      expect(Math.abs(left[1]![0]! - right[1]![0]!)).toBeGreaterThan(1e-3);
      expectClose(left[2]!, right[2]!);
    }
  });

  test("asks for labels", () => {
    expect(() => model().encode(uniform(key(2), [3, 4, 4, 1]))).toThrow(
      "Conditioned.forward: condition must be one int32 label for each of 3 examples, got none",
    );
  });
});

test("a network of dense layers refuses another shape", () => {
  const network = new DenseNetwork(key(1), { inShape: [2, 3], outShape: [1] });
  expect(() => network.forward(normal(key(2), [4, 3, 2]))).toThrow(
    "DenseNetwork.forward: x must be [batch, 2, 3], got [4, 3, 2]",
  );
});

const points = (step: number): { images: Tensor } => ({
  images: tidy(() => {
    const z = normal(foldIn(key(9), step), [64, 1]);
    return concat([z, mul(z, -2), add(z, 1)], 1);
  }),
});
const step = { optimizer: adam({ learningRate: 0.02 }) };
const dense = { dataShape: [3], latents: 1, hidden: [8] };

test("an autoencoder of one number finds the line that the data lie on", async () => {
  const part = { inShape: [3], outShape: [1] };
  const model = new Autoencoder({
    encoder: new DenseNetwork(key(1), part),
    decoder: new DenseNetwork(key(2), { inShape: [1], outShape: [3] }),
  });
  const trainee = trainStep({
    parameters: parameters(model),
    loss: ({ images }) => autoencoderLoss({ model, images: images! }) as { loss: Tensor },
    ...step,
  });
  await train(trainee, { data: points, key: key(3), steps: 300 });
  const { images } = points(1000);
  const restored = model.decode(model.encode(images));
  const error = await tidy(() => mean(square(sub(restored, images)))).data();
  expect(error[0]).toBeLessThan(1e-3);
});

const makes: [string, () => { model: VAE; trainee: Trainee }][] = [
  [
    "the negative ELBO",
    () => {
      const model = denseVAE(key(1), { ...dense, likelihood: "gaussianWithVariance" });
      const loss = ({ images }: Record<string, Tensor>, k: Parameters<Trainee["step"]>[1]) =>
        vaeLoss({ model, images: images!, key: k });
      return { model, trainee: trainStep({ parameters: parameters(model), loss, ...step }) };
    },
  ],
  [
    "the importance-weighted bound",
    () => {
      const model = denseVAE(key(1), { ...dense, likelihood: "gaussianWithVariance" });
      const loss = ({ images }: Record<string, Tensor>, k: Parameters<Trainee["step"]>[1]) =>
        iwaeLoss({ model, images: images!, key: k, samples: 3 }) as { loss: Tensor };
      return { model, trainee: trainStep({ parameters: parameters(model), loss, ...step }) };
    },
  ],
  [
    "a β that rises",
    () => {
      const model = denseVAE(key(1), { ...dense, likelihood: "gaussianWithVariance" });
      const loss = ({ images, beta }: Record<string, Tensor>, k: Parameters<Trainee["step"]>[1]) =>
        vaeLoss({ model, images: images!, key: k, beta: beta! });
      const trainee = trainStep({ parameters: parameters(model), loss, ...step });
      return {
        model,
        trainee: scheduled(trainee, { beta: linear({ from: 0, to: 1, steps: 10 }) }),
      };
    },
  ],
];

test.each(makes)(
  "%s falls in training, resumes to the bit, keeps memory flat",
  async (_n, make) => {
    const { metrics } = await trained(make, { data: points, steps: 60, stop: 25 });
    expect(metrics.at(-1)!["loss"]).toBeLessThan(metrics[0]!["loss"]! - 0.2);
  },
);

test("scheduled numbers reach the loss, and are disposed of", () => {
  const seen: number[] = [];
  const inner: Trainee = {
    state: () => ({}),
    step: (batch) => {
      seen.push(batch["beta"]!.dataSync()[0]!);
      return { loss: scalar(0) };
    },
  };
  const trainee = scheduled(inner, { beta: linear({ from: 0, to: 1, steps: 4 }) });
  const before = memory().numTensors;
  for (const i of [0, 1, 4, 9]) dispose(trainee.step({}, key(0), i));
  expect(seen).toEqual([0, 0.25, 1, 1]);
  expect(memory().numTensors).toBe(before);
});
