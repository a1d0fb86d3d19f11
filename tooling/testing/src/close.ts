import { expect } from "vitest";

/** Largest |a - b| over the largest |b| (1e-30 at least): one number that says how far two arrays differ. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let scale = 1e-30;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs((actual[i] as number) - (expected[i] as number));
    if (!(d <= difference)) difference = d; // NaN wins
    scale = Math.max(scale, Math.abs(expected[i] as number));
  }
  return difference / scale;
}

/** Fails unless both arrays have equal length and differ by at most `tolerance` relative to the largest expected value. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance = 1e-5,
  message = "",
): void {
  expect(actual.length, `${message} length`).toBe(expected.length);
  const error = relativeError(actual, expected);
  expect(error <= tolerance, `${message} relative error ${error} > ${tolerance}`).toBe(true);
}
