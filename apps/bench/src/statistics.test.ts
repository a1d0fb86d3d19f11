import { expect, test } from "vitest";
import { geometricMean, median, pairedRatio } from "./statistics.ts";

test("the median is the middle one, or the mean of the two in the middle", () => {
  expect(median([30, 1, 2])).toBe(2);
  expect(median([4, 1, 30, 2])).toBe(3);
  expect(median([])).toBeNaN();
});

test("the geometric mean of a ratio and its inverse is 1", () => {
  expect(geometricMean([4, 0.25])).toBeCloseTo(1, 12);
  expect(geometricMean([1, 2, 4])).toBeCloseTo(2, 12);
});

test("ratios are taken pair by pair, so that a slow minute for both does not count", () => {
  expect(pairedRatio([10, 100, 12], [20, 200, 20])).toEqual({
    median: 0.5,
    lowest: 0.5,
    highest: 0.6,
  });
});

test("a round that one of both missed does not count", () => {
  expect(pairedRatio([10, 100], [20, undefined])?.median).toBe(0.5);
  expect(pairedRatio([10], [])).toBeUndefined();
});
