import { broadcastTo, reshape, sum, type Tensor, util } from "@tensorflow/tfjs-core";

/** Sums a gradient over what was broadcast from `shape`. Answers `dy` itself when nothing was. */
export function sumTo(dy: Tensor, shape: readonly number[]): Tensor {
  if (util.arraysEqual(dy.shape, shape as number[])) return dy;
  const lead = dy.rank - shape.length;
  const axes = dy.shape.flatMap((n, i) =>
    i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : [],
  );
  return reshape(sum(dy, axes), shape as number[]);
}

/** `shape` with 1 in place of the axes that are reduced. */
export function keptShape(
  shape: readonly number[],
  axis: number | number[] | null | undefined,
): number[] {
  const axes = new Set(axesOf(shape, axis));
  return shape.map((n, i) => (axes.has(i) ? 1 : n));
}

/** The reduced axes as numbers from 0; all of them when none is named. */
export function axesOf(
  shape: readonly number[],
  axis: number | number[] | null | undefined,
): number[] {
  return util.parseAxisParam(axis as number | number[], shape as number[]);
}

/** Spreads the gradient of a reduction over the input's shape. */
export function spread(
  dy: Tensor,
  shape: readonly number[],
  axis: number | number[] | null | undefined,
): Tensor {
  return broadcastTo(reshape(dy, keptShape(shape, axis)), shape as number[]);
}
