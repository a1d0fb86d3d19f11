import type { Tensor } from "@gen/tensor";

/** @throws unless x is [batch, …size] */
export function checkSize(name: string, x: Tensor, size: readonly number[]): void {
  if (x.rank === size.length + 1 && size.every((n, i) => x.shape[i + 1] === n)) return;
  throw new Error(`${name}: x must be [batch, ${size.join(", ")}], got [${x.shape.join(", ")}]`);
}
