import {
  concat,
  dispose,
  fill,
  key,
  mean,
  memory,
  mul,
  normal,
  tensor,
  tidy,
  useBackend,
} from "@gen/tensor";
import { state } from "@gen/nn";
import { beforeAll, describe, expect, test } from "vitest";
import {
  bernoulli,
  convVAE,
  elbo,
  gaussian,
  gaussianWithVariance,
  klToStandardNormal,
  type Likelihood,
  VAE,
  vaeLoss,
} from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

/** z ~ N(0, 1), x | z ~ N(z, 1), and q = N(slope·x, variance). */
const scalarModel = (slope: number, variance: number): VAE =>
  new VAE({
    encoder: {
      forward: (x) => concat([mul(x, slope), fill(x.shape, Math.log(variance))], 1),
    },
    decoder: { forward: (z) => mul(z, 1) },
    likelihood: gaussian(),
  });

describe("the ELBO at x = 1.3", () => {
  // log N(1.3; 0, 2), and the same less KL(N(0, 1) ‖ N(0.65, 0.5)).
  test.each([
    ["of the exact posterior is log p(x)", 0.5, 0.5, -1.6880121234846452],
    ["of the prior as posterior is less by the divergence of the two", 0, 1, -2.263938533204673],
  ])("%s", (_name, slope, variance, expected) => {
    const images = fill([200_000, 1], 1.3);
    const result = tidy(() => {
      const { elbo: bound } = elbo({ model: scalarModel(slope, variance), images, key: key(1) });
      return mean(bound);
    });
    expect(Math.abs(result.dataSync()[0]! - expected)).toBeLessThan(0.006);
    dispose([images, result]);
  });
});

test("the divergence from the prior is ½·Σ(μ² + σ² − 1 − log σ²) for each example", async () => {
  const q = {
    mean: tensor([
      [0, 0],
      [1, -2],
    ]),
    logVariance: tensor([
      [0, 0],
      [Math.log(2), 0],
    ]),
  };
  const kl = await klToStandardNormal(q).data();
  expect(kl[0]).toBe(0);
  expect(kl[1]).toBeCloseTo(0.5 * (1 + 2 - 1 - Math.log(2) + 4), 5);
});

const x = [0, 1, 1, 0.5];
const outputs = [0.3, -1.2, 40, -30];
const normalLog = (v: number, m: number, variance: number): number =>
  -0.5 * ((v - m) ** 2 / variance + Math.log(2 * Math.PI * variance));
const logistic = (l: number): number => 1 / (1 + Math.exp(-l));

describe("likelihoods", () => {
  test("bernoulli: Σ x·log p + (1 − x)·log(1 − p), also where p is 0 or 1 to rounding", async () => {
    const log = await bernoulli.logProbability(tensor([x]), tensor([outputs])).data();
    const expected = Math.log(1 - logistic(0.3)) + Math.log(logistic(-1.2)) + 0 - 15;
    expect(log[0]).toBeCloseTo(expected, 4);
    const probabilities = await bernoulli.mean(tensor([outputs])).data();
    expect(probabilities[1]).toBeCloseTo(logistic(-1.2), 6);
  });

  test("gaussian: the density of a normal distribution of fixed variance", async () => {
    const log = await gaussian(0.25)
      .logProbability(tensor([x]), tensor([[0, 1, 2, 3]]))
      .data();
    const expected = x.reduce((sum, v, i) => sum + normalLog(v, i, 0.25), 0);
    expect(log[0]).toBeCloseTo(expected, 4);
  });

  test("gaussianWithVariance: means, then log-variances, in the last axis", async () => {
    const parameters = tensor([[0, 1, -1, 0.5, 0, 1, Math.log(3), -1]]);
    const log = await gaussianWithVariance.logProbability(tensor([x]), parameters).data();
    const variances = [1, Math.E, 3, 1 / Math.E];
    const expected = x.reduce(
      (sum, v, i) => sum + normalLog(v, [0, 1, -1, 0.5][i]!, variances[i]!),
      0,
    );
    expect(log[0]).toBeCloseTo(expected, 4);
    expect([...(await gaussianWithVariance.mean(parameters).data())]).toEqual([0, 1, -1, 0.5]);
  });

  test("a variance that is not positive is refused", () => {
    expect(() => gaussian(0)).toThrow("gaussian: variance must be a positive number, got 0");
  });
});

const config = { imageSize: 8, inChannels: 1, channels: [4, 4], latentShape: [2] };

test.each<[string, Likelihood, number]>([
  ["bernoulli", bernoulli, 1],
  ["gaussian", gaussian(0.1), 2],
  ["gaussianWithVariance", gaussianWithVariance, 0.5],
])(
  "the loss is the negative mean ELBO with β = 1, and leaks nothing: %s",
  async (_name, likelihood, beta) => {
    const model = convVAE(key(1), { ...config, likelihood });
    const images = normal(key(2), [3, 8, 8, 1]);
    const before = memory().numTensors;
    const losses = vaeLoss({ model, images, key: key(3), beta });
    expect(memory().numTensors).toBe(before + 3);
    const bound = elbo({ model, images, key: key(3) });
    expect(memory().numTensors).toBe(before + 6);
    const [loss, kl, logLikelihood] = await Promise.all([
      losses.loss.data(),
      bound.kl.data(),
      bound.logLikelihood.data(),
    ]);
    const average = (v: ArrayLike<number>): number =>
      Array.from(v).reduce((sum, n) => sum + n, 0) / v.length;
    expect(loss[0]! / (beta * average(kl) - average(logLikelihood))).toBeCloseTo(1, 5);
    dispose([losses, bound]);
    expect(memory().numTensors).toBe(before);
    const decoded = model.decode(normal(key(4), [3, 2]));
    expect(decoded.shape).toEqual([3, 8, 8, 1]);
    dispose(state(model));
  },
);

test("what does not fit is refused in one sentence", () => {
  expect(() => convVAE(key(0), { ...config, imageSize: 6 })).toThrow(
    "ConvEncoder: imageSize must be divisible by 2 once for each of at least one channels, got 6",
  );
  expect(() => convVAE(key(0), { ...config, attention: [8] })).toThrow(
    "ConvEncoder: attention must name heights out of 4, 2, got 8",
  );
  expect(() => convVAE(key(0), { ...config, latentShape: [4, 4, 2] })).toThrow(
    "ConvEncoder: the code must have shape [features] or [2, 2, channels], got [4, 4, 4]",
  );
  const model = scalarModel(0, 1);
  expect(() => vaeLoss({ model, images: tensor([[1]]), key: key(0), beta: -1 })).toThrow(
    "vaeLoss: beta must be at least 0, got -1",
  );
});
