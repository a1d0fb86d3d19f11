import { key, normalArray } from "@gen/random";
import { expectClose } from "@gen/testing";
import { describe, expect, it } from "vitest";
import { eightGaussiansMixture, gaussianMixture } from "./index.ts";

const mixture = gaussianMixture(
  [
    [1, -2, 0.5],
    [0, 3, -1],
  ],
  [0.5, 1.5],
  [1, 3],
);

describe("a mixture's density", () => {
  it("of one Gaussian is the textbook's", () => {
    // ln N((1,2); (0,0), 4·I) = -ln(2π·4) - 5/8
    expectClose(
      gaussianMixture([[0, 0]], 2).logDensity([1, 2]),
      [-Math.log(8 * Math.PI) - 0.625],
      1e-14,
    );
  });
  it("integrates to 1", () => {
    const step = 0.05;
    const points: number[] = [];
    for (let x = -6; x < 6; x += step) for (let y = -6; y < 6; y += step) points.push(x, y);
    const total = eightGaussiansMixture
      .logDensity(points)
      .reduce((sum, log) => sum + Math.exp(log), 0);
    expect(total * step * step).toBeCloseTo(1, 6);
  });
  it("does not vanish far out", () => {
    expectClose(
      eightGaussiansMixture.logDensity([1e4, 0]),
      [-((1e4 - 2 * Math.SQRT2) ** 2) / 0.25 - Math.log(8) - Math.log((2 * Math.PI) / 8)],
      1e-12,
    );
    expectClose(eightGaussiansMixture.score([1e4, 0]), [-(1e4 - 2 * Math.SQRT2) / 0.125, 0], 1e-12);
  });
  it("has the score as its gradient", () => {
    const points = Float64Array.from(normalArray(key(1), 60), (x) => 2 * x);
    const score = mixture.score(points);
    const h = 1e-5;
    const numeric = points.map((x, i) => {
      const row = points.slice(i - (i % 3), i - (i % 3) + 3);
      row[i % 3] = x + h;
      const up = mixture.logDensity(row)[0] as number;
      row[i % 3] = x - h;
      return (up - (mixture.logDensity(row)[0] as number)) / (2 * h);
    });
    expectClose(score, numeric, 1e-8);
  });
});

describe("a mixture's samples", () => {
  it("have its mean and variance", () => {
    const count = 100_000;
    const points = mixture.sample(key(2), count);
    expect(points.length).toBe(3 * count);
    const mean = [0.25, 1.75, -0.625];
    // E σ² + the spread of the means.
    const variance = [1.75 + 0.1875, 1.75 + 4.6875, 1.75 + 0.421875];
    for (let d = 0; d < 3; d++) {
      const column = Array.from({ length: count }, (_, i) => points[3 * i + d] as number);
      const average = column.reduce((a, b) => a + b) / count;
      expect(Math.abs(average - mean[d]!)).toBeLessThan(5 * Math.sqrt(variance[d]! / count));
      const spread = column.reduce((sum, x) => sum + (x - average) ** 2, 0) / count;
      expect(Math.abs(spread / variance[d]! - 1)).toBeLessThan(0.02);
    }
  });
  it("have the score's defining property: E[score] = 0 and E[x·score] = -1", () => {
    const count = 100_000;
    const points = mixture.sample(key(3), count);
    const score = mixture.score(points);
    const average = (f: (i: number) => number) => {
      let sum = 0;
      for (let i = 0; i < 3 * count; i++) sum += f(i);
      return sum / (3 * count);
    };
    expect(Math.abs(average((i) => score[i]!))).toBeLessThan(0.02);
    expect(Math.abs(average((i) => points[i]! * score[i]!) + 1)).toBeLessThan(0.03);
  });
});

it("a mixture with noise added is the mixture of a·x + b·z", () => {
  const noised = mixture.noised(0.6, 0.8);
  const expected = gaussianMixture(
    [
      [0.6, -1.2, 0.3],
      [0, 1.8, -0.6],
    ],
    [Math.hypot(0.3, 0.8), Math.hypot(0.9, 0.8)],
    [0.25, 0.75],
  );
  const points = normalArray(key(4), 30);
  expectClose(noised.logDensity(points), expected.logDensity(points), 1e-12);
  expectClose(
    mixture.noised(0, 1).logDensity(points),
    gaussianMixture([[0, 0, 0]], 1).logDensity(points),
    1e-12,
  );
});

describe("refused with one sentence:", () => {
  it.each<[string, () => unknown, RegExp]>([
    ["no mean", () => gaussianMixture([], 1), /means must be one or more points/],
    ["means of two dimensions", () => gaussianMixture([[1], [1, 2]], 1), /means must be/],
    [
      "a deviation of zero",
      () => gaussianMixture([[1]], 0),
      /deviations must be a positive number or 1 of them, got 0/,
    ],
    [
      "too few deviations",
      () => gaussianMixture([[1], [2]], [1]),
      /deviations must be a positive number or 2/,
    ],
    [
      "a negative weight",
      () => gaussianMixture([[1], [2]], 1, [2, -1]),
      /weights must be 2 numbers/,
    ],
    [
      "half a point",
      () => mixture.score([1, 2]),
      /score: points has 2 numbers, expected a multiple of 3/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
