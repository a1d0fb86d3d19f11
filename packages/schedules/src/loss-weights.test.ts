import { describe, expect, test } from "vitest";
import { allPaths } from "../test/all-paths.ts";
import {
  betaPath,
  boundTermWeight,
  cosMap,
  cosMapWeight,
  edm,
  edmPrediction,
  edmWeight,
  flowPrediction,
  flowWeight,
  inverseVarianceWeight,
  linearBetas,
  lossWeight,
  minSnrWeight,
  p2Weight,
  posterior,
  predictionTarget,
  rectifiedFlow,
  scaledLinearBetas,
  sigmoidWeight,
  simpleWeight,
  softMinSnrWeight,
  trigonometric,
  uncertaintyLoss,
  variancePreserving,
  zeroTerminalSnr,
  type LinearPrediction,
  type Prediction,
} from "./index.ts";

const weights = {
  simple: simpleWeight,
  flow: flowWeight,
  "min-SNR": minSnrWeight(),
  "soft min-SNR": softMinSnrWeight(),
  P2: p2Weight(),
  EDM: edmWeight(),
  sigmoid: sigmoidWeight(),
  cosMap: cosMapWeight,
  "σ^-2": inverseVarianceWeight,
};
const predictions: (Prediction | LinearPrediction)[] = [
  "data",
  "noise",
  "velocity",
  "v",
  "score",
  flowPrediction,
  edmPrediction(),
];

describe.each(Object.entries(weights))("%s", (_name, weight) => {
  test.each(allPaths)("makes the same loss of every prediction's error on $name", (path) => {
    for (const share of [0.01, 0.4, 0.9]) {
      const t = share * path.end;
      const [a, b] = [path.a(t), path.b(t)];
      // Two guesses (x, z) and (x', z') of the same x_t: a·dx + b·dz = 0.
      const [dx, dz] = [b, -a];
      const losses = predictions.map((p) => {
        const { data, noise } = predictionTarget(path, t, p);
        return lossWeight(path, t, p, weight) * (data * dx + noise * dz) ** 2;
      });
      for (const loss of losses)
        expect(Math.abs(loss / (losses[0] as number) - 1)).toBeLessThan(1e-9);
    }
  });

  test("is a number at both ends, for predictions that say something there", () => {
    for (const path of [rectifiedFlow, trigonometric, betaPath(zeroTerminalSnr(linearBetas()))]) {
      for (const t of [0, path.end]) {
        for (const p of ["v", flowPrediction] as const) {
          expect(lossWeight(path, t, p, weight)).toBeGreaterThanOrEqual(0);
        }
      }
    }
  });
});

test("min-SNR has its closed forms, v's and those of zero SNR too", () => {
  const path = betaPath(scaledLinearBetas());
  for (const t of [1, 100, 400, 1000]) {
    const snr = Math.exp(path.logSnr(t));
    const of = (p: Prediction): number => lossWeight(path, t, p, minSnrWeight());
    expect(of("data")).toBeCloseTo(Math.min(snr, 5), 9);
    expect(of("noise")).toBeCloseTo(Math.min(snr, 5) / snr, 9);
    expect(of("v")).toBeCloseTo(Math.min(snr, 5) / (snr + 1), 9);
  }
  const zero = betaPath(zeroTerminalSnr(scaledLinearBetas()));
  const at = (t: number, p: Prediction): number => lossWeight(zero, t, p, minSnrWeight());
  expect([at(1000, "data"), at(1000, "noise"), at(1000, "v")]).toEqual([
    expect.closeTo(0, 100),
    expect.closeTo(1, 14),
    expect.closeTo(0, 100),
  ]);
  expect([at(0, "data"), at(0, "noise"), at(0, "v")]).toEqual([
    expect.closeTo(5, 13),
    expect.closeTo(0, 100),
    expect.closeTo(0, 100),
  ]);
});

test("EDM's weight of data is its λ, and 1 for its F", () => {
  expect(lossWeight(edm(), 0.5, "data", edmWeight())).toBeCloseTo(8, 12);
  for (const sigma of [0.002, 0.5, 7, 80]) {
    expect(lossWeight(edm(), sigma, edmPrediction(), edmWeight())).toBeCloseTo(1, 12);
    const soft = (sigma * 0.5) ** 2 / (sigma ** 2 + 0.25) ** 2;
    expect(lossWeight(edm(), sigma, edmPrediction(), softMinSnrWeight())).toBeCloseTo(soft, 14);
  }
});

test("the other weights have the forms of their papers", () => {
  const vp = variancePreserving();
  const snr = Math.exp(vp.logSnr(0.3));
  expect(lossWeight(vp, 0.3, "noise", p2Weight({ k: 2, gamma: 0.5 }))).toBeCloseTo(
    1 / Math.sqrt(2 + snr),
    13,
  );
  expect(lossWeight(vp, 0.3, "noise", sigmoidWeight({ bias: 1 }))).toBeCloseTo(
    1 / (1 + snr * Math.exp(-1)),
    13,
  );
  for (const t of [0.1, 0.5, 0.8]) {
    expect(lossWeight(rectifiedFlow, t, "velocity", cosMapWeight)).toBeCloseTo(
      cosMap.density(t),
      12,
    );
    expect(lossWeight(rectifiedFlow, t, "data", inverseVarianceWeight)).toBeCloseTo(1 / t ** 2, 9);
    expect(lossWeight(rectifiedFlow, t, "velocity", inverseVarianceWeight)).toBeCloseTo(1, 12);
    expect(lossWeight(rectifiedFlow, t, "noise", simpleWeight)).toBe(1);
    expect(lossWeight(rectifiedFlow, t, "velocity", simpleWeight)).toBeCloseTo((1 - t) ** 2, 12);
  }
});

test("a term of the bound weighs noise by β²/(2σ²(1 - β)(1 - ᾱ)), and data by half the SNR's fall", () => {
  const path = betaPath(linearBetas());
  for (const t of [2, 300, 1000]) {
    const beta = path.betas[t - 1] as number;
    const bar = path.alphasBar[t - 1] as number;
    const sigma2 = posterior(path, t, t - 1).variance;
    const noise = lossWeight(path, t, "noise", boundTermWeight(path, t, t - 1));
    expect(noise / (beta ** 2 / (2 * sigma2 * (1 - beta) * (1 - bar)))).toBeCloseTo(1, 9);
  }
  const snr = (t: number): number => Math.exp(path.logSnr(t));
  const data = lossWeight(path, 40, "data", boundTermWeight(path, 40, 20));
  expect(data).toBeCloseTo((snr(20) - snr(40)) / 2, 8);
  expect(lossWeight(path, 1, "data", boundTermWeight(path, 1, 0))).toBe(Infinity);
});

test("the uncertainty that is best makes the loss log(loss) + 1", () => {
  expect(uncertaintyLoss(0.3, Math.log(0.3))).toBeCloseTo(Math.log(0.3) + 1, 14);
  expect(uncertaintyLoss(0.3, -1)).toBeGreaterThan(Math.log(0.3) + 1);
  expect(uncertaintyLoss(0.3, -1.5)).toBeGreaterThan(Math.log(0.3) + 1);
});

test("impossible weights are refused in one sentence", () => {
  expect(() => minSnrWeight({ gamma: 0 })).toThrow(
    "minSnrWeight: gamma must be a positive number, got 0",
  );
  expect(() => lossWeight(rectifiedFlow, 1.2, "v", simpleWeight)).toThrow(
    "lossWeight: t must be a time of the path rectifiedFlow, in [0, 1], got 1.2",
  );
});
