import {
  add,
  exp,
  isFinite,
  log,
  max,
  squeeze,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tidy,
  where,
} from "@gen/tensor";

/**
 * log Σ exp(x) along an axis, without overflow; −∞ where all terms are −∞, which TensorFlow.js's gives NaN for.
 *
 * @returns x without that axis; the caller disposes of it
 */
export function logSumExp(x: Tensor, axis: number): Tensor {
  return tidy(() => {
    const largest = stopGradient(max(x, axis, true));
    const shift = where(isFinite(largest), largest, 0);
    return add(log(sum(exp(sub(x, shift)), axis)), squeeze(shift, [axis]));
  });
}

/** log of the mean of exp(x) along an axis. The caller disposes of the result. */
export function logMeanExp(x: Tensor, axis: number): Tensor {
  return tidy(() => sub(logSumExp(x, axis), Math.log(x.shape.at(axis) as number)));
}
