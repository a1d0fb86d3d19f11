import { add, dispose, div, key, memory, mul, neg, normal, reshape, scalar } from "@gen/tensor";
import { split, square, sum, tensor, tidy, useBackend, valueAndGrads } from "@gen/tensor";
import type { Key, Scalar, Tensor } from "@gen/tensor";
import { rectifiedFlow } from "@gen/schedules";
import { expectClose } from "@gen/testing";
import { beforeAll, describe, expect, it, test } from "vitest";
import { denoisingScoreMatchingLoss, drawNoiseLevels } from "./denoising-score-matching.ts";
import { gaussianDensity, geometricNoiseLevels, mixtureDensity } from "./exact/index.ts";
import { oracleDenoiser } from "./oracle-denoiser.ts";
import {
  implicitScoreMatchingLoss,
  slicedScoreMatchingLoss,
  slicedScoreMatchingVrLoss,
} from "./score-matching.ts";
import { scoreOf } from "./score-of.ts";
import { tweedieMean } from "./tweedie-mean.ts";

beforeAll(async () => {
  await useBackend();
});

const tilted = gaussianDensity(
  [0.5, -0.2],
  [
    [0.9, 0.4],
    [0.4, 0.7],
  ],
);
const mixture = mixtureDensity([tilted, gaussianDensity([-1.5, 1], [0.5, 0.8])], [0.4, 0.6]);
const distributions = [
  ["a Gaussian", tilted],
  ["a mixture", mixture],
] as const;

type Score = (x: Tensor) => Tensor;
type Known = typeof tilted | typeof mixture;

/** The score of data with noise of deviation sigma added, on tensors: -E[noise | x] / sigma on EDM's path x + sigma·z. */
function noisyScore(source: Known, sigma: number): Score {
  const path = { ...rectifiedFlow, a: () => 1, b: () => sigma };
  const model = oracleDenoiser(source, path, "noise");
  return (x) => mul(model.predict(x, tensor(new Float32Array(x.shape[0]!))), scalar(-1 / sigma));
}

it("the score of a log-density is its gradient, for one without a constant too", async () => {
  // -E(x) = -Σ x⁴/4 + x₀·x₁
  const points = [0.3, -1, 2, 0.5];
  const energy = (x: Tensor): Tensor => {
    const [x0, x1] = [sum(mul(x, tensor([1, 0])), 1), sum(mul(x, tensor([0, 1])), 1)];
    return add(mul(sum(square(square(x)), 1), scalar(-0.25)), mul(x0, x1));
  };
  const score = scoreOf(energy)(tensor(points, [2, 2]));
  expectClose(
    await score.data(),
    points.map((x, i) => -(x ** 3) + points[i ^ 1]!),
    1e-5,
  );
});

test.each(distributions)(
  "Tweedie's formula on tensors finds the posterior mean of %s",
  async (_, source) => {
    const [a, b] = [0.6, 0.8];
    const points = [0.3, -1, 2, 0.5];
    const x = tensor(points, [2, 2]);
    const score = tensor([...source.noised(a, b).score(points)], [2, 2]);
    const exact = source.denoise(points, a, b).data;
    const each = tweedieMean(x, score, tensor([a, a]), tensor([b, b]));
    expectClose(await each.data(), exact, 1e-5);
    expectClose(await tweedieMean(x, score, scalar(a), scalar(b)).data(), exact, 1e-5);
  },
);

/** Every loss, with the deviation of the noise that its minimum's density has. */
const losses: readonly (readonly [
  name: string,
  sigma: number,
  loss: (score: Score, x: Tensor, key: Key) => Scalar,
])[] = [
  ["implicit", 0, (score, x) => implicitScoreMatchingLoss(score, x)],
  ["sliced, signs", 0, (score, x, k) => slicedScoreMatchingLoss(score, x, k)],
  ["sliced, normal", 0, (score, x, k) => slicedScoreMatchingLoss(score, x, k, "gaussian")],
  ["sliced with less variance", 0, (score, x, k) => slicedScoreMatchingVrLoss(score, x, k)],
  [
    "denoising",
    0.5,
    (score, x, k) =>
      denoisingScoreMatchingLoss(score, x, {
        key: k,
        sigma: tensor(new Float32Array(x.shape[0]!).fill(0.5)),
      }),
  ],
];

describe.each(losses)("%s score matching", (_name, sigma, loss) => {
  test.each(distributions)("has the score of %s as its minimum", async (_, source) => {
    // The model (1 + α)·s(x) + β: at the true score s the gradient in α and β is 0 on average over batches.
    const truth = noisyScore(source, Math.max(sigma, 1e-3));
    const gradients = async (alpha: number, k: Key): Promise<number[]> => {
      const [dataKey, lossKey] = split(k);
      const x = tensor([...source.sample(dataKey, 1000)], [1000, 2]);
      const { grads } = valueAndGrads((scale: Tensor, shift: Tensor) =>
        loss((p) => add(mul(truth(p), scale), shift), x, lossKey),
      )([scalar(1 + alpha), tensor([0, 0])]);
      return [...(await grads[0]!.data()), ...(await grads[1]!.data())];
    };
    const keys = split(key(7), 12);
    const runs: number[][] = [];
    for (const k of keys) runs.push(await gradients(0, k));
    for (let i = 0; i < 3; i++) {
      const values = runs.map((run) => run[i]!);
      const mean = values.reduce((s, v) => s + v, 0) / values.length;
      const variance = values.reduce((s, v) => s + (v - mean) ** 2, 0) / (values.length - 1);
      expect(Math.abs(mean)).toBeLessThan(4.5 * Math.sqrt(variance / values.length));
    }
    // A score that is 50 % too large has a gradient that is clearly positive, one too small a negative one.
    expect((await gradients(0.5, keys[0]!))[0]).toBeGreaterThan(0.1);
    expect((await gradients(-0.5, keys[0]!))[0]).toBeLessThan(-0.1);
  });

  it("leaves one tensor", () => {
    const x = normal(key(1), [4, 2]);
    const sigmas = memory().numTensors;
    const result = tidy(() => loss((p) => neg(p), x, key(2)));
    expect(memory().numTensors).toBe(sigmas + 1);
    dispose([x, result]);
  });
});

it("implicit score matching on any finite sample is exactly stationary at the fitted Gaussian's score", async () => {
  // Two numbers with mean 1 and variance 4 (over count): s(x) = -(x - 1)/4.
  const x = tensor([[-1], [3]]);
  const { grads } = valueAndGrads((slope: Tensor, shift: Tensor) =>
    implicitScoreMatchingLoss((p) => add(mul(p, slope), shift), x),
  )([scalar(-0.25), scalar(0.25)]);
  for (const each of grads) expect(Math.abs((await each.data())[0]!)).toBeLessThan(1e-6);
  // At the minimum the loss is -½/variance.
  const loss = implicitScoreMatchingLoss((p) => mul(add(p, scalar(-1)), scalar(-0.25)), x);
  expectClose(await loss.data(), [-1 / 8], 1e-5);
});

it("denoising score matching at all levels of NCSN has the weight σ², and its minimum at the true scores", async () => {
  const levels = geometricNoiseLevels(1, 0.01, 10);
  const sigma = drawNoiseLevels(key(3), levels, 2000);
  const drawn = Array.from(await sigma.data());
  expect(new Set(drawn).size).toBe(10);
  expect(drawn.every((one) => levels.some((level) => Math.fround(level) === one))).toBe(true);
  // For data all at 0 the score is -x/σ² and the loss 0; for a score of 0 it is ½·E[σ²·‖z/σ‖²] = 1 in two dimensions.
  const x = tensor(new Float32Array(4000), [2000, 2]);
  const at = async (score: (x: Tensor, s: Tensor) => Tensor): Promise<number> =>
    (await denoisingScoreMatchingLoss(score, x, { key: key(4), sigma }).data())[0] as number;
  const truth = (p: Tensor, s: Tensor): Tensor => neg(div(p, reshape(square(s), [2000, 1])));
  expect(await at(truth)).toBeLessThan(1e-8);
  expect(Math.abs((await at((p) => mul(p, scalar(0)))) - 1)).toBeLessThan(0.12);
});

it("noise levels and data that do not fit are refused with one sentence", () => {
  expect(() => drawNoiseLevels(key(0), [1, 0], 4)).toThrow("levels must be one or more positive");
  expect(() =>
    denoisingScoreMatchingLoss((p) => p, tensor([[1], [2]]), { key: key(0), sigma: scalar(1) }),
  ).toThrow("sigma must be the noise level of each of the 2 rows of x, got shape []");
});
