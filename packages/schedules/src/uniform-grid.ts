/**
 * The times of a sampler in equal steps: `steps + 1` numbers from `start` down to exactly 0, the i-th being
 * start·(1 - i/steps).
 *
 * @param steps a positive integer
 * @param start the time to begin at, above 0
 * @throws if `steps` is not a positive integer or `start` not a positive number
 */
export function uniformGrid(steps: number, start = 1): number[] {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new Error(`uniformGrid: steps must be a positive integer, got ${steps}`);
  }
  if (!(start > 0 && start < Infinity)) {
    throw new Error(`uniformGrid: start must be a positive number, got ${start}`);
  }
  return Array.from({ length: steps + 1 }, (_, i) => (start * (steps - i)) / steps);
}
