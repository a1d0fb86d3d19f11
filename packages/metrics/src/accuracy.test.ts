import { expect, test } from "vitest";
import { accuracy } from "./index.ts";

test("accuracy is the share of predictions that equal their label", () => {
  expect(accuracy(Int32Array.of(1, 2, 3, 4), [1, 2, 0, 4])).toBe(0.75);
  expect(accuracy([7], [7])).toBe(1);
});

test("accuracy of unequal or empty lists is refused in one sentence", () => {
  expect(() => accuracy([1], [1, 2])).toThrow(
    "accuracy: one label per prediction is needed, got 1 predictions and 2 labels",
  );
  expect(() => accuracy([], [])).toThrow("accuracy: needs at least 1 sample, got 0");
});
