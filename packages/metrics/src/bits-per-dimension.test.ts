import { expect, test } from "vitest";
import { bitsPerDimension } from "./index.ts";

test("a uniform model of 256 levels has 8 bits a dimension, however its density is scaled", () => {
  const dims = 12;
  for (const [width, binWidth] of [
    [256, 1],
    [1, 1 / 256],
    [2, 1 / 128],
  ] as const) {
    const nats = dims * Math.log(width); // -log of the density 1/width on an interval of that width
    const report = bitsPerDimension([nats, nats], dims, { binWidth });
    expect(report.bitsPerDimension).toBeCloseTo(8, 12);
    expect(report.interval.high - report.interval.low).toBeCloseTo(0, 12);
  }
});

test("the mean and its interval are those of the samples", () => {
  const report = bitsPerDimension([2 * Math.LN2, 4 * Math.LN2, 6 * Math.LN2], 2);
  expect(report.bitsPerDimension).toBeCloseTo(2, 12);
  expect(report.nats).toBeCloseTo(4 * Math.LN2, 12);
  expect(report.interval.high - 2).toBeCloseTo(1.959964 / Math.sqrt(3), 5);
});

test("what cannot be is refused in one sentence", () => {
  expect(() => bitsPerDimension([1], 2)).toThrow("needs at least 2 samples, got 1");
  expect(() => bitsPerDimension([1, NaN], 2)).toThrow("nlls must be finite, got NaN at place 1");
  expect(() => bitsPerDimension([1, 2], 2, { binWidth: 0 })).toThrow(
    "bitsPerDimension: dims must be a positive integer and binWidth positive, got 2 and 0",
  );
});
