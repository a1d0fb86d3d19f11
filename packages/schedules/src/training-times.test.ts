import { key } from "@gen/random";
import { describe, expect, test } from "vitest";
import { logitNormalDensity, logitNormalTimes, uniformTimes } from "./index.ts";

function moments(values: Float32Array): { mean: number; variance: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return { mean, variance: values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length };
}

describe.each([
  ["uniform", uniformTimes, 0.5, 1 / 12],
  ["logit-normal", logitNormalTimes(), 0.5, 0.043379035858092954],
] as const)("%s times", (_name, times, mean, variance) => {
  test("are a pure function of the key, in [0, 1]", () => {
    const drawn = times(key(3), 1000);
    expect(times(key(3), 1000)).toEqual(drawn);
    expect(times(key(4), 1000)).not.toEqual(drawn);
    expect(drawn.every((t) => t >= 0 && t <= 1)).toBe(true);
  });

  test("have the mean and the variance of their distribution", () => {
    const measured = moments(times(key(0), 200_000));
    expect(Math.abs(measured.mean - mean)).toBeLessThan(0.002);
    expect(Math.abs(measured.variance / variance - 1)).toBeLessThan(0.01);
  });
});

test("the logit-normal density has its closed value, mass 1 and the golden variance", () => {
  expect(logitNormalDensity(0.5)).toBeCloseTo(1.5957691216, 10);
  const n = 20_000;
  let mass = 0;
  let second = 0;
  for (let i = 0; i < n; i++) {
    const t = (i + 0.5) / n;
    mass += logitNormalDensity(t) / n;
    second += (logitNormalDensity(t) * (t - 0.5) ** 2) / n;
  }
  expect(mass).toBeCloseTo(1, 10);
  expect(second).toBeCloseTo(0.043379035858092954, 10);
});

test("logit-normal times follow mean and std: their median is sigmoid(mean)", () => {
  const sorted = logitNormalTimes({ mean: 1, std: 0.5 })(key(1), 100_001).sort();
  expect(sorted[50_000]).toBeCloseTo(1 / (1 + Math.exp(-1)), 2);
  const below = sorted.filter((t) => t < 1 / (1 + Math.exp(-0.5))).length / sorted.length;
  expect(below).toBeCloseTo(0.158655, 2);
});

test("impossible distributions are refused in one sentence", () => {
  expect(() => logitNormalTimes({ std: 0 })).toThrow(
    "logitNormalTimes: std must be a positive number, got 0",
  );
  expect(() => logitNormalTimes({ mean: NaN })).toThrow("mean must be a finite number, got NaN");
  expect(() => logitNormalDensity(0)).toThrow("logitNormalDensity: t must be in (0, 1), got 0");
});
