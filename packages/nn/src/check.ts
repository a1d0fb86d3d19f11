import type { Tensor } from "@gen/tensor";

/** Fails unless `x` has the rank and the length of the last axis that a layer expects. */
export function expectShape(
  caller: string,
  x: Tensor,
  layout: string,
  rank: number,
  last: number,
): void {
  if (x.rank === rank && x.shape[rank - 1] === last) return;
  throw new Error(
    `${caller}: x must be [${layout}] with ${last} at the end, got [${x.shape.join(", ")}].`,
  );
}

/** Fails unless the last axis of `x` has the length that a layer expects. */
export function expectLast(caller: string, x: Tensor, last: number): void {
  if (x.rank > 0 && x.shape[x.rank - 1] === last) return;
  throw new Error(`${caller}: x must be [..., ${last}], got [${x.shape.join(", ")}].`);
}

/** Fails unless all numbers are positive integers. */
export function expectPositive(caller: string, numbers: Record<string, number>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isInteger(value) && value > 0) continue;
    throw new Error(`${caller}: ${name} must be a positive integer, got ${value}.`);
  }
}
