import { key } from "@gen/random";
import { describe, expect, test } from "vitest";
import { fixture, worst } from "../test/fixture.ts";
import {
  cosMap,
  cosineInterpolated,
  distributionOnPath,
  importanceSteps,
  independentUniforms,
  logLogistic,
  logNormal,
  logUniform,
  logitNormal,
  logitNormalTimes,
  lossHistory,
  lowDiscrepancyUniforms,
  mode,
  rectifiedFlow,
  shiftedDistribution,
  splitLogNormal,
  stepProbabilities,
  stratifiedUniforms,
  timesOf,
  uniform,
  uniformTimes,
  vDiffusion,
  variancePreserving,
  withLosses,
  type TimeDistribution,
} from "./index.ts";

const interpolated = cosineInterpolated({
  width: 256,
  noiseLow: 32,
  noiseHigh: 64,
  sigmaData: 0.5,
});

/** Every distribution. A new one is tested by being listed. */
const distributions: TimeDistribution[] = [
  uniform,
  logitNormal(),
  logitNormal({ mean: 0.3, std: 0.8 }),
  logNormal(),
  splitLogNormal({ location: 0.2, below: 0.6, above: 1.3 }),
  logUniform(),
  logLogistic(),
  logLogistic({ location: -1, scale: 0.7, min: 0.002, max: 80 }),
  vDiffusion(),
  interpolated,
  mode(),
  mode({ scale: -0.8 }),
  cosMap,
  shiftedDistribution(logitNormal(), 3),
  distributionOnPath(variancePreserving(), logUniform({ min: 0.02, max: 100 })),
  distributionOnPath(rectifiedFlow, logNormal()),
];

describe.each(distributions)("$name", (distribution) => {
  test("has a rising quantile, whose slope is 1 over the density", () => {
    for (const u of [0.001, 0.1, 0.35, 0.5, 0.77, 0.95, 0.999]) {
      const h = 1e-5 * Math.min(u, 1 - u);
      const [low, high] = [distribution.quantile(u - h), distribution.quantile(u + h)];
      expect(high).toBeGreaterThan(low);
      const slope = (high - low) / (2 * h);
      expect(distribution.density(distribution.quantile(u)) * slope).toBeCloseTo(1, 6);
    }
  });

  test("draws purely from its key, and as many below each quantile as it should", () => {
    const times = timesOf(distribution);
    const drawn = times(key(3), 20_000);
    expect(times(key(3), 20_000)).toEqual(drawn);
    expect(times(key(4), 20_000)).not.toEqual(drawn);
    for (const u of [0.1, 0.5, 0.9]) {
      const below = drawn.filter((t) => t < distribution.quantile(u)).length / drawn.length;
      expect(Math.abs(below - u)).toBeLessThan(0.012);
    }
  });
});

test("quantiles have SciPy's numbers", () => {
  const { u = [], ...wanted } = fixture.quantiles;
  const of = (distribution: TimeDistribution): number[] => u.map((p) => distribution.quantile(p));
  const got: Record<string, number[]> = {
    normal: u.map((p) => Math.log(logNormal({ mean: 0, std: 1 }).quantile(p))),
    logNormal: of(logNormal()),
    logitNormal: of(logitNormal({ mean: 0.3, std: 0.8 })),
    "mode 1.29": of(mode()),
    cosMap: of(cosMap),
    logLogistic: of(logLogistic({ location: -1, scale: 0.7, min: 0.002, max: 80 })),
    vDiffusion: of(vDiffusion({ sigmaData: 0.5, min: 0.01, max: 80 })),
    cosineInterpolated: of(interpolated),
  };
  expect(Object.keys(got)).toEqual(Object.keys(wanted));
  for (const name of Object.keys(wanted)) {
    expect(worst(got[name] ?? [], wanted[name] ?? []), name).toBeLessThan(1e-9);
  }
});

test("a normal quantile has its ends", () => {
  expect([logNormal().quantile(0), logNormal().quantile(1)]).toEqual([0, Infinity]);
  expect([logitNormal().quantile(0), logitNormal().quantile(1)]).toEqual([0, 1]);
});

test("the logit-normal density has its closed value, mass 1 and the golden variance", () => {
  expect(logitNormal().density(0.5)).toBeCloseTo(1.5957691216, 10);
  const n = 20_000;
  let mass = 0;
  let second = 0;
  for (let i = 0; i < n; i++) {
    const t = (i + 0.5) / n;
    mass += logitNormal().density(t) / n;
    second += (logitNormal().density(t) * (t - 0.5) ** 2) / n;
  }
  expect(mass).toBeCloseTo(1, 10);
  expect(second).toBeCloseTo(0.043379035858092954, 10);
});

test("logit-normal and uniform times have the mean and the variance of their distribution", () => {
  for (const [times, variance] of [
    [logitNormalTimes(), 0.043379035858092954],
    [uniformTimes, 1 / 12],
  ] as const) {
    const drawn = times(key(0), 200_000);
    const mean = drawn.reduce((sum, t) => sum + t, 0) / drawn.length;
    const measured = drawn.reduce((sum, t) => sum + (t - mean) ** 2, 0) / drawn.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.002);
    expect(Math.abs(measured / variance - 1)).toBeLessThan(0.01);
  }
});

test("CosMap gives rectified flow the log-SNRs of the circular path", () => {
  for (const u of [0.1, 0.4, 0.9]) {
    const logSnr = rectifiedFlow.logSnr(cosMap.quantile(u));
    expect(logSnr).toBeCloseTo(-2 * Math.log(Math.tan((Math.PI * u) / 2)), 10);
  }
});

test("stratified numbers lie one in each part, low-discrepancy ones at equal distances", () => {
  const n = 64;
  const strata = stratifiedUniforms(key(1), n);
  strata.forEach((u, i) => expect(Math.floor(u * n)).toBe(i));
  const spread = lowDiscrepancyUniforms(key(1), n).sort();
  for (let i = 1; i < n; i++) {
    expect((spread[i] as number) - (spread[i - 1] as number)).toBeCloseTo(1 / n, 12);
  }
});

test.each([independentUniforms, stratifiedUniforms, lowDiscrepancyUniforms])(
  "uniform numbers of any kind are never 0 or 1, and uniform over keys (%#)",
  (uniforms) => {
    const drawn = Array.from({ length: 2000 }, (_, seed) =>
      Array.from(uniforms(key(seed), 5)),
    ).flat();
    expect(drawn.every((u) => u > 0 && u < 1)).toBe(true);
    for (const share of [0.25, 0.5, 0.75]) {
      const below = drawn.filter((u) => u < share).length / drawn.length;
      expect(Math.abs(below - share)).toBeLessThan(0.02);
    }
  },
);

test("evenly spread times estimate a mean better than independent ones", () => {
  const spread = (uniforms: typeof independentUniforms): number => {
    const means = Array.from({ length: 200 }, (_, seed) => {
      const drawn = timesOf(logitNormal(), uniforms)(key(seed), 32);
      return drawn.reduce((sum, t) => sum + t, 0) / 32;
    });
    return means.reduce((sum, m) => sum + (m - 0.5) ** 2, 0) / means.length;
  };
  const alone = spread(independentUniforms);
  expect(alone / (0.043379 / 32)).toBeCloseTo(1, 0);
  expect(spread(stratifiedUniforms)).toBeLessThan(alone / 50);
  expect(spread(lowDiscrepancyUniforms)).toBeLessThan(alone / 10);
});

test("steps with larger losses are trained more often, and their weights make up for it", () => {
  let history = lossHistory(4, 2);
  const empty = history;
  expect(stepProbabilities(history)).toEqual([0.25, 0.25, 0.25, 0.25]);
  history = withLosses(history, [0, 0, 1, 1, 2, 2, 3], [9, 1, 2, 2, 0.5, 0.5, 1]);
  expect(stepProbabilities(history)).toEqual([0.25, 0.25, 0.25, 0.25]); // step 3 has one loss yet
  history = withLosses(history, [3, 0], [1, 3]); // step 0 forgets the 9: √((1 + 9)/2)
  const moments = [Math.sqrt(5), 2, 0.5, 1];
  const total = moments.reduce((sum, m) => sum + m, 0);
  const wanted = moments.map((m) => (0.999 * m) / total + 0.001 / 4);
  expect(worst(stepProbabilities(history), wanted)).toBeLessThan(1e-14);
  expect(empty.losses).toEqual([[], [], [], []]);
  expect(JSON.parse(JSON.stringify(history))).toEqual(history);

  const { indices, weights } = importanceSteps(stepProbabilities(history), key(0), 40_000);
  const losses = [3, 2, 0.5, 1];
  let mean = 0;
  indices.forEach((index, i) => {
    mean += ((weights[i] as number) * (losses[index] as number)) / 40_000;
  });
  expect(mean).toBeCloseTo((3 + 2 + 0.5 + 1) / 4, 1);
  for (const step of [0, 1, 2, 3]) {
    const share = indices.filter((index) => index === step).length / 40_000;
    expect(Math.abs(share - (wanted[step] as number))).toBeLessThan(0.01);
  }
});

test("impossible distributions and histories are refused in one sentence", () => {
  expect(() => logitNormalTimes({ std: 0 })).toThrow(
    "logitNormal: std must be a positive number, got 0",
  );
  expect(() => logitNormal({ mean: NaN })).toThrow("mean must be a finite number, got NaN");
  expect(() => mode({ scale: 2 })).toThrow("mode: scale must be in [-1, 1.7519383938841");
  expect(() => logUniform({ min: 3, max: 2 })).toThrow(
    "logUniform: min must not be below 0 and max",
  );
  expect(() => logUniform({ min: 0 })).toThrow("min must be a positive number, got 0");
  expect(() => withLosses(lossHistory(3), [3], [1])).toThrow(
    "in [0, 2] and its loss finite, got step 3",
  );
  expect(() => withLosses(lossHistory(3), [0], [NaN])).toThrow("got step 0, loss NaN");
  expect(() => withLosses(lossHistory(3), [0, 1], [1])).toThrow("must be as many, got 2 and 1");
  expect(() => importanceSteps([0.5, 0.6], key(0), 1)).toThrow("sum to 1, got the sum 1.1");
  expect(() => lossHistory(0)).toThrow("lossHistory: steps must be a positive integer, got 0");
});
