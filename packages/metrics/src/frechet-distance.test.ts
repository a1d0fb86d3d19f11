import { expect, test } from "vitest";
import { generated, real, reference } from "../test/reference.ts";
import { featureStatistics, frechetDistance, type FeatureStatistics } from "./index.ts";
import { squareRootTrace } from "./square-root-trace.ts";

function normal(mean: number[], covariance: number[], count = 10_000): FeatureStatistics {
  return {
    count,
    dims: mean.length,
    mean: Float64Array.from(mean),
    covariance: Float64Array.from(covariance),
  };
}

const identity = (n: number, scale: number): number[] =>
  Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? scale : 0));

test("I against 4I in three dimensions, means apart by √3, is 6", () => {
  const report = frechetDistance(
    normal([0, 0, 0], identity(3, 1)),
    normal([1, 1, 1], identity(3, 4)),
  );
  expect(report.distance).toBeCloseTo(6, 13);
  expect(report).toMatchObject({ dims: 3, counts: [10_000, 10_000], fullRank: true });
  expect(report.meanTerm).toBeCloseTo(3, 14);
  expect(report.covarianceTerm).toBeCloseTo(3, 13);
});

test("two covariances that do not commute give the golden value, either way round", () => {
  const a = normal([1, 0], [2, 0.5, 0.5, 1]);
  const b = normal([0, 2], [1, -0.3, -0.3, 0.5]);
  expect(frechetDistance(a, b).distance).toBeCloseTo(5.553301412770546, 13);
  expect(frechetDistance(b, a).distance).toBeCloseTo(5.553301412770546, 13);
  expect(squareRootTrace(a.covariance, b.covariance, 2)).toBeCloseTo(1.973349293614727, 13);
});

test("the distance of two small sets of features is SciPy's", () => {
  const { distance } = frechetDistance(featureStatistics(generated), featureStatistics(real));
  expect(distance / reference.frechet).toBeCloseTo(1, 11);
});

test("commuting covariances: ‖m‖² + Σ(s₁ - s₂)²", () => {
  const a = [0.1, 1, 4, 9, 0];
  const b = [2, 0.3, 4, 1e-4, 5];
  const diagonal = (values: number[]): number[] =>
    Array.from({ length: 25 }, (_, at) => (at % 6 === 0 ? (values[at / 6] as number) : 0));
  const exact = a.reduce((sum, v, i) => sum + (Math.sqrt(v) - Math.sqrt(b[i] as number)) ** 2, 0);
  const zero = [0, 0, 0, 0, 0];
  expect(
    frechetDistance(normal(zero, diagonal(a)), normal(zero, diagonal(b))).distance,
  ).toBeCloseTo(exact, 12);
});

function wave(count: number, dims: number, phase: number): Float32Array {
  return Float32Array.from(
    { length: count * dims },
    (_, i) => Math.sin(i * 12.9898 + phase) * (1 + (i % dims) / dims),
  );
}

test("the same samples are at distance 0, also with fewer samples than dimensions", () => {
  const statistics = featureStatistics({ values: wave(20, 50, 0), dims: 50 });
  const report = frechetDistance(statistics, statistics);
  expect(report.distance).toBeLessThan(1e-9);
  expect(report.fullRank).toBe(false);
});

test("equal covariances and means apart by 1 in each of 512 dimensions are at distance 512, in seconds", () => {
  const features = wave(700, 512, 1);
  const a = featureStatistics({ values: features, dims: 512 });
  const b = { ...a, mean: a.mean.map((value) => value + 1) };
  const begin = performance.now();
  expect(frechetDistance(a, b).distance / 512).toBeCloseTo(1, 8);
  expect(performance.now() - begin).toBeLessThan(10_000);
});

test("statistics that do not fit are refused in one sentence", () => {
  const a = normal([0], [1]);
  expect(() => frechetDistance(a, normal([0, 0], identity(2, 1)))).toThrow(
    "frechetDistance: both sides must have features of one length, got dims 1 and 2",
  );
  expect(() => frechetDistance(a, normal([NaN], [1]))).toThrow(
    "the second statistics hold numbers that are not finite",
  );
  expect(() => frechetDistance(normal([0], [1], 1), a)).toThrow("need at least 2 samples, got 1");
  expect(() => frechetDistance({ ...a, dims: 2 }, a)).toThrow(
    "got a mean of 1 and a covariance of 1 numbers",
  );
});
