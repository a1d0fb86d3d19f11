import { expect, test } from "vitest";
import { constant, cosine, inverseSquareRoot, join, linear, warmUp } from "./index.ts";

test("a ramp starts and ends where it is told, and stays there", () => {
  const line = linear({ from: 1, to: 3, steps: 4 });
  expect([0, 1, 4, 9].map(line)).toEqual([1, 1.5, 3, 3]);
  const wave = cosine({ from: 2, steps: 10 });
  expect(wave(0)).toBe(2);
  expect(wave(5)).toBeCloseTo(1, 12);
  expect(wave(2)).toBeCloseTo(1 + Math.cos(0.2 * Math.PI), 12);
  expect([10, 1000].map(wave)).toEqual([0, 0]);
});

test("warm-up and inverse square root make the schedule of «Attention is all you need»", () => {
  const warm = 400;
  const width = 512;
  const peak = (width * warm) ** -0.5;
  const schedule = warmUp(warm, inverseSquareRoot({ peak, reference: warm }));
  for (const step of [1, 10, 399, 400, 401, 5000]) {
    const expected = width ** -0.5 * Math.min(step ** -0.5, step * warm ** -1.5);
    // Steps count from 1 in the paper; beyond the peak one step more or less is all the difference.
    expect(Math.abs(schedule(step - 1) / expected - 1)).toBeLessThan(step <= warm ? 1e-12 : 1.3e-3);
  }
});

test("the second of two schedules starts at its own step 0", () => {
  const schedule = join(linear({ from: 0, to: 1, steps: 10 }), 10, cosine({ from: 1, steps: 20 }));
  expect([0, 5, 10, 20, 30].map(schedule)).toEqual([0, 0.5, 1, expect.closeTo(0.5, 12), 0]);
});

test("a constant is constant, and a number of steps must be positive", () => {
  expect([0, 7].map(constant(0.3))).toEqual([0.3, 0.3]);
  expect(() => cosine({ from: 1, steps: 0 })).toThrow(
    "cosine: the number of steps must be positive, got 0",
  );
});
