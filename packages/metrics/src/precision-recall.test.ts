import { foldIn, key, normalArray } from "@gen/random";
import { expect, test } from "vitest";
import { generated, real, reference } from "../test/reference.ts";
import { densityCoverage, type Features, precisionRecall } from "./index.ts";

const cloud = (seed: number, count: number, dims: number, scale = 1): Features => ({
  values: normalArray(key(seed), count * dims).map((value) => value * scale),
  dims,
});

test("precision, recall, density and coverage are those of scikit-learn's neighbours", () => {
  for (const [text, expected] of Object.entries(reference.manifolds)) {
    const k = Number(text);
    const { precision, recall } = precisionRecall(generated, real, { k });
    const { density, coverage } = densityCoverage(generated, real, { k });
    for (const [found, exact] of [
      [precision, expected.precision],
      [recall, expected.recall],
      [density, expected.density],
      [coverage, expected.coverage],
    ] as const)
      expect(found).toBeCloseTo(exact, 12);
  }
});

test("a tight cluster within the real samples has high precision and low recall, and the reverse", () => {
  const [tight, wide] = [cloud(1, 300, 4, 0.2), cloud(2, 300, 4)];
  const right = precisionRecall(tight, wide);
  expect(right.precision).toBeGreaterThan(0.8);
  expect(right.recall).toBeLessThan(0.3);
  const reverse = precisionRecall(wide, tight);
  expect(reverse.precision).toBe(right.recall);
  expect(reverse.recall).toBe(right.precision);
  const { density, coverage } = densityCoverage(tight, wide);
  expect(density).toBeGreaterThan(1);
  expect(coverage).toBeLessThan(0.3);
});

test("copies of the real samples score 1 everywhere, though they are all at distance 0 of their balls' centres", () => {
  const set = cloud(3, 50, 3);
  const moved = { ...set, values: Float32Array.from(set.values, (value) => value + 1024) };
  expect(precisionRecall(moved, moved)).toMatchObject({ precision: 1, recall: 1 });
  const one = { values: new Float32Array(30).fill(0.3), dims: 3 };
  expect(precisionRecall(one, one)).toMatchObject({ precision: 1, recall: 1 });
  expect(densityCoverage(moved, moved)).toMatchObject({ coverage: 1 });
});

test("sets far apart score 0", () => {
  const far = { ...cloud(4, 60, 3), values: normalArray(key(4), 180).map((value) => value + 100) };
  expect(precisionRecall(far, cloud(5, 60, 3))).toMatchObject({ precision: 0, recall: 0 });
  expect(densityCoverage(far, cloud(5, 60, 3))).toMatchObject({ density: 0, coverage: 0 });
});

test("of equal distributions density is 1 and coverage what Naeem et al. compute, in the mean", () => {
  const [n, m, k, runs] = [60, 90, 5, 120];
  let exact = 1;
  for (let i = 1; i <= k; i++) exact *= (m - i) / (n + m - i);
  let density = 0;
  let coverage = 0;
  for (let run = 0; run < runs; run++) {
    const set = (side: number, count: number): Features => ({
      values: normalArray(foldIn(foldIn(key(6), run), side), count * 2),
      dims: 2,
    });
    const report = densityCoverage(set(0, n), set(1, m), { k });
    density += report.density / runs;
    coverage += report.coverage / runs;
  }
  expect(coverage).toBeCloseTo(1 - exact, 2);
  expect(density).toBeCloseTo(1, 1);
});

test("intervals lie around their scores, within what the scores can be", () => {
  const { precision, precisionInterval, recall, recallInterval } = precisionRecall(generated, real);
  expect(precisionInterval.low).toBeLessThan(precision);
  expect(precisionInterval.high).toBeGreaterThan(precision);
  expect(recallInterval.high).toBeLessThanOrEqual(1);
  expect(recallInterval.low).toBeLessThan(recall);
  const { density, densityInterval } = densityCoverage(generated, real, { level: 0.5 });
  expect(densityInterval.level).toBe(0.5);
  expect((densityInterval.low + densityInterval.high) / 2).toBeCloseTo(density, 12);
});

test("k and level that cannot be are refused in one sentence", () => {
  expect(() => precisionRecall(generated, real, { k: 0 })).toThrow(
    "precisionRecall: k must be a positive integer, got 0",
  );
  expect(() => densityCoverage(generated, real, { k: 60 })).toThrow(
    "densityCoverage: generated features must be at least 61 samples, got 60; add more samples",
  );
  expect(() => densityCoverage(generated, real, { level: 1 })).toThrow(
    "densityCoverage: level must be between 0 and 1, got 1",
  );
});
