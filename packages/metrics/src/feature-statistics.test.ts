import { expect, test } from "vitest";
import { expectClose } from "@gen/testing";
import { FeatureAccumulator, featureStatistics } from "./index.ts";

const features = Float32Array.from(
  { length: 60 * 3 },
  (_, i) => Math.sin(i * i) * ((i % 3) + 1) + i / 50,
);

test("mean and covariance are the textbook ones, with count - 1", () => {
  const { mean, covariance, count, dims } = featureStatistics({
    values: Float32Array.of(1, 2, 3, 6, 5, 7),
    dims: 2,
  });
  expect({ count, dims }).toEqual({ count: 3, dims: 2 });
  expectClose(mean, [3, 5], 1e-15);
  expectClose(covariance, [4, 5, 5, 7], 1e-15);
});

test("batches of any size add up to the same statistics", () => {
  const whole = featureStatistics({ values: features, dims: 3 });
  for (const size of [1, 7, 59]) {
    const accumulator = new FeatureAccumulator(3);
    for (let at = 0; at < 60; at += size)
      accumulator.add(features.subarray(at * 3, (at + size) * 3));
    expect(accumulator.count).toBe(60);
    expectClose(accumulator.statistics().mean, whole.mean, 1e-14);
    expectClose(accumulator.statistics().covariance, whole.covariance, 1e-13);
  }
});

test("a mean a million times the spread costs no digits", () => {
  const near = Float64Array.from(features);
  const far = near.map((value) => Math.round(value * 2 ** 20) / 2 ** 20 + 2 ** 22);
  const exact = far.map((value) => value - 2 ** 22);
  const covariance = (values: Float64Array): Float64Array =>
    featureStatistics({ values, dims: 3 }).covariance;
  expectClose(covariance(far), covariance(exact), 1e-9);
});

test("impossible features are refused in one sentence, and nothing is added", () => {
  expect(() => new FeatureAccumulator(0)).toThrow("dims must be a positive integer, got 0");
  const accumulator = new FeatureAccumulator(2);
  expect(() => accumulator.add(new Float32Array(5))).toThrow(
    "FeatureAccumulator.add: features must hold whole vectors of 2 numbers, got 5 numbers",
  );
  expect(() => accumulator.add(Float32Array.of(1, 2, 3, NaN))).toThrow(
    "features must be finite, got NaN at place 1 of vector 1",
  );
  expect(accumulator.count).toBe(0);
  accumulator.add(Float32Array.of(1, 2));
  expect(() => accumulator.statistics()).toThrow("a covariance needs at least 2 vectors, got 1");
});
