import {
  add,
  grad,
  key,
  memory,
  normal,
  sum,
  tensor,
  type Tensor,
  tidy,
  useBackend,
  zerosLike,
} from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import { beforeAll, describe, expect, test } from "vitest";
import {
  capacityPenalty,
  denseVAE,
  freeBitsPenalty,
  klOfEachLatent,
  klPenalty,
  klToStandardNormal,
  type Latents,
  mmdPenalty,
  type Penalty,
  totalCorrelationPenalty,
  vaeLoss,
} from "./index.ts";

type Rows = number[][];
const { totalCorrelation } = fixture<{
  totalCorrelation: {
    count: number;
    mean: Rows;
    logVariance: Rows;
    z: Rows;
    parts: [number, number, number];
    gradient: Rows;
  };
}>(import.meta.url, "../test/fixtures/vae-family.json");

beforeAll(async () => {
  await useBackend();
});

const latentsOf = (mean: Tensor): Latents => {
  const posterior = { mean, logVariance: tensor(totalCorrelation.logVariance) };
  return {
    posterior,
    z: tensor(totalCorrelation.z),
    kl: klToStandardNormal(posterior),
    key: key(1),
  };
};
const valueOf = (penalty: Penalty): number =>
  tidy(() => penalty(latentsOf(tensor(totalCorrelation.mean))).dataSync()[0]!);

describe("the total correlation penalty", () => {
  const { count, parts } = totalCorrelation;
  test.each([
    ["mutual information", 0, { alpha: 1, beta: 0, gamma: 0 }],
    ["total correlation", 1, { alpha: 0, beta: 1, gamma: 0 }],
    ["divergence of each dimension", 2, { alpha: 0, beta: 0, gamma: 1 }],
  ])("has PyTorch's %s", (_name, i, weights) => {
    const value = valueOf(totalCorrelationPenalty({ count, ...weights }));
    expect(value).toBeCloseTo(parts[i]!, 4);
  });

  test("has PyTorch's gradient", () => {
    const penalty = totalCorrelationPenalty({ count, alpha: 0.5, beta: 6, gamma: 2 });
    const gradient = tidy(() =>
      grad((mean) => penalty(latentsOf(mean)))(tensor(totalCorrelation.mean)).dataSync(),
    );
    expectClose(gradient, totalCorrelation.gradient.flat(), 1e-4);
  });

  test("with all weights 1 is log q(z | x) − log p(z), whatever the batch", () => {
    const { mean, logVariance, z } = totalCorrelation;
    let expected = 0;
    z.forEach((row, i) =>
      row.forEach((v, j) => {
        const [m, l] = [mean[i]![j]!, logVariance[i]![j]!];
        expected += (v * v - (v - m) ** 2 / Math.exp(l) - l) / 2 / z.length;
      }),
    );
    const value = valueOf(totalCorrelationPenalty({ count: 1000, beta: 1 }));
    expect(value).toBeCloseTo(expected, 4);
  });
});

test("the capacity penalty is the distance of the mean KL from C, also of a C that is a tensor", () => {
  const kl = valueOf(klPenalty);
  expect(valueOf(capacityPenalty(kl + 2))).toBeCloseTo(2, 4);
  expect(tidy(() => valueOf(capacityPenalty(tensor(0.5))))).toBeCloseTo(Math.abs(kl - 0.5), 4);
});

test("free bits charge the floor for a latent that says less, and the KL for one that says more", () => {
  const each = tidy(() => {
    const { posterior } = latentsOf(tensor(totalCorrelation.mean));
    return klOfEachLatent(posterior).arraySync() as Rows;
  });
  const means = [0, 1, 2].map((j) => each.reduce((total, row) => total + row[j]!, 0) / each.length);
  const floor = (Math.min(...means) + Math.max(...means)) / 2;
  const expected = means.reduce((total, m) => total + Math.max(m, floor), 0);
  expect(valueOf(freeBitsPenalty(floor))).toBeCloseTo(expected, 4);
});

test("the MMD penalty is near zero for normal latents, and grows with their distance from the prior", () => {
  const at = (shift: number, options = {}): number =>
    tidy(() => {
      const mean = add(normal(key(2), [400, 2]), shift);
      const posterior = { mean, logVariance: zerosLike(mean) };
      const kl = klToStandardNormal(posterior);
      return mmdPenalty(options)({ posterior, z: mean, kl, key: key(3) }).dataSync()[0]!;
    });
  expect(Math.abs(at(0))).toBeLessThan(0.02);
  expect(at(1)).toBeGreaterThan(0.2);
  expect(at(2)).toBeGreaterThan(at(1));
  expect(at(1, { kl: 0.5 }) - at(1)).toBeGreaterThan(0.5);
});

const penalties: [string, Penalty][] = [
  ["klPenalty", klPenalty],
  ["capacityPenalty", capacityPenalty(3)],
  ["freeBitsPenalty", freeBitsPenalty(0.1)],
  ["mmdPenalty", mmdPenalty({ kl: 0.1 })],
  ["totalCorrelationPenalty", totalCorrelationPenalty({ count: 100 })],
];

test.each(penalties)(
  "%s works in the loss, differentiably, and leaks nothing",
  (_name, penalty) => {
    const model = denseVAE(key(1), {
      dataShape: [3],
      latents: 2,
      likelihood: "gaussianWithVariance",
    });
    const images = normal(key(2), [8, 3]);
    const before = memory().numTensors;
    const losses = vaeLoss({ model, images, key: key(3), beta: 2, penalty });
    expect(memory().numTensors).toBe(before + 3);
    const gradient = grad((x) => vaeLoss({ model, images: x, key: key(3), penalty }).loss)(images);
    expect(memory().numTensors).toBe(before + 4);
    expect(Number.isFinite(tidy(() => sum(gradient).dataSync()[0]))).toBe(true);
    expect(Number.isFinite(losses.loss.dataSync()[0])).toBe(true);
  },
);

test("what is no penalty is refused in one sentence", () => {
  expect(() => capacityPenalty(-1)).toThrow("capacityPenalty: capacity must be 0 or more nats");
  expect(() => freeBitsPenalty(NaN)).toThrow("freeBitsPenalty: floor must be 0 or more nats");
  expect(() => mmdPenalty({ kl: Infinity })).toThrow("mmdPenalty: kl must be a finite weight");
  expect(() => totalCorrelationPenalty({ count: 0 })).toThrow(
    "totalCorrelationPenalty: count must be the whole number of examples in the data set, got 0",
  );
});
