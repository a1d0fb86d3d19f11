import { foldIn, key, normalArray } from "@gen/random";
import { expect, test } from "vitest";
import { reference } from "../test/reference.ts";
import { bootstrapInterval } from "./index.ts";
import { mean, normalInterval, shareInterval } from "./interval.ts";

test("a bootstrap interval of a mean is the normal one, ± 1.96·s/√n", () => {
  const values = normalArray(key(1), 400);
  const average = mean(values);
  const s = Math.sqrt(values.reduce((sum, v) => sum + (v - average) ** 2, 0) / 399);
  const { low, high, level } = bootstrapInterval(
    400,
    (indices) => mean(Array.from(indices, (i) => values[i]!)),
    { key: key(2), resamples: 4000 },
  );
  expect(level).toBe(0.95);
  expect((high - low) / ((2 * 1.96 * s) / 20)).toBeCloseTo(1, 1);
  expect((low + high) / 2 - average).toBeCloseTo(0, 2);
});

test("of 200 intervals at level 0.9 about 180 hold the truth", () => {
  let held = 0;
  for (let run = 0; run < 200; run++) {
    const values = normalArray(foldIn(key(3), run), 60);
    const interval = bootstrapInterval(60, (at) => mean(Array.from(at, (i) => values[i]!)), {
      key: foldIn(key(4), run),
      level: 0.9,
    });
    if (interval.low <= 0 && interval.high >= 0) held++;
  }
  // Three standard deviations of a binomial count are 13.
  expect(Math.abs(held - 180)).toBeLessThanOrEqual(13);
});

test("the centre stays the score, also of a score that duplicates make larger", () => {
  const distinct = (indices: Int32Array): number => 100 - new Set(indices).size;
  const { low, high } = bootstrapInterval(100, distinct, { key: key(5) });
  expect(low).toBeLessThanOrEqual(0);
  expect(high).toBeGreaterThanOrEqual(0);
  expect(high).toBeLessThan(10);
});

test("intervals of shares are Wilson's, by SciPy", () => {
  for (const [share, count, low, high] of reference.wilson) {
    const interval = shareInterval(share, count, 0.95);
    expect(interval.low).toBeCloseTo(low, 6);
    expect(interval.high).toBeCloseTo(high, 6);
  }
});

test("a normal interval of level 0.95 reaches 1.959964 standard errors", () => {
  expect(normalInterval(1, 2, 0.95).high).toBeCloseTo(1 + 2 * 1.959963985, 5);
});

test("impossible bootstraps are refused in one sentence", () => {
  const score = (): number => 0;
  expect(() => bootstrapInterval(1, score, { key: key(0) })).toThrow(
    "bootstrapInterval: count must be an integer of at least 2, got 1",
  );
  expect(() => bootstrapInterval(5, score, { key: key(0), resamples: 0 })).toThrow(
    "resamples must be an integer of at least 2, got 0",
  );
  expect(() => bootstrapInterval(5, score, { key: key(0), level: 95 })).toThrow(
    "level must be between 0 and 1, got 95",
  );
  expect(() => bootstrapInterval(5, () => NaN, { key: key(0) })).toThrow(
    "score must give finite numbers, gave NaN",
  );
});
