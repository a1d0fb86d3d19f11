import { add, div, mul, reshape, square, tidy, type Tensor } from "@gen/tensor";

/**
 * Tweedie's formula on tensors: the mean of the data behind noisy data x = a·data + b·noise,
 * E[data | x] = (x + b²·∇ln p(x)) / a (Robbins 1956; Efron 2011).
 *
 * @param x noisy data, [batch, …]
 * @param score of the noisy data's density at x, of the same shape
 * @param a the share of the data, [batch] or a scalar, not 0
 * @param b the deviation of the noise, [batch] or a scalar
 * @returns a tensor like x; the caller disposes of it
 */
export function tweedieMean(x: Tensor, score: Tensor, a: Tensor, b: Tensor): Tensor {
  return tidy(() => {
    const column = (each: Tensor): Tensor =>
      reshape(each, [...each.shape, ...x.shape.slice(each.rank === 0 ? x.rank : 1).map(() => 1)]);
    return div(add(x, mul(square(column(b)), score)), column(a));
  });
}
