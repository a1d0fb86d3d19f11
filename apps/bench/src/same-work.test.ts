import { expect, test } from "vitest";
import { sameWork } from "./same-work.ts";

const ours = { parameters: 10, checks: [2, 1.5, 1], stepMs: 1 };

test("results that differ in rounding are of the same work", () => {
  expect(sameWork(ours, { ...ours, checks: [2.0002, 1.5, 1] })).toBeCloseTo(1e-4, 6);
  expect(sameWork(ours, { ...ours, checks: [2] })).toBe(0);
});

test("another number of parameters is other work", () => {
  expect(() => sameWork(ours, { ...ours, parameters: 11 })).toThrow(
    "ours has 10 parameters, it has 11",
  );
});

test("another number of operations is other work, where both counted", () => {
  const counted = { ...ours, flops: 100 };
  expect(sameWork(counted, { ...counted })).toBe(0);
  expect(() => sameWork(counted, { ...counted, flops: 101 })).toThrow(
    "ours takes 100 operations a step, it takes 101",
  );
  expect(sameWork(counted, { ...counted, flops: 101 }, 0.02)).toBe(0);
  expect(() => sameWork(counted, { ...counted, flops: 103 }, 0.02)).toThrow("operations");
  expect(sameWork(counted, ours)).toBe(0);
});

test("results that differ by more, are not numbers, or are none at all, are of other work", () => {
  for (const checks of [[2, 1.5, 1.01], [2, NaN, 1], [2, 1.5, 1, 0.5], []]) {
    expect(() => sameWork(ours, { ...ours, checks })).toThrow("ours computed 2, 1.5, 1, it");
  }
});
