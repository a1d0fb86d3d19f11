import { matMul, reshape, type Tensor, tensor2d } from "@tensorflow/tfjs-core";

/**
 * Multiplies every line along an axis by a matrix [to, from] of constants: the way that pooling, resizing and padding
 * act on each axis. Differentiable to any order, as a product is.
 */
export function linearAlong(x: Tensor, axis: number, matrix: Float32Array, to: number): Tensor {
  const from = x.shape[axis] as number;
  const outer = x.shape.slice(0, axis).reduce((product, n) => product * n, 1);
  const inner = x.shape.slice(axis + 1).reduce((product, n) => product * n, 1);
  const constant = tensor2d(matrix, [to, from]);
  const product =
    inner === 1
      ? matMul(reshape(x, [outer, from]), constant, false, true)
      : matMul(constant, reshape(x, [outer, from, inner]));
  return reshape(product, [...x.shape.slice(0, axis), to, ...x.shape.slice(axis + 1)]);
}

/** Adds each element along an axis to place `indices[i]` of `size` (nowhere if negative): the transpose of a gather. */
export function scatterAlong(
  x: Tensor,
  axis: number,
  indices: readonly number[],
  size: number,
): Tensor {
  const matrix = new Float32Array(size * indices.length);
  indices.forEach((to, from) => {
    if (to >= 0) matrix[to * indices.length + from] = 1;
  });
  return linearAlong(x, axis, matrix, size);
}
