import { mul, sum, type Tensor } from "@gen/tensor";

/** The inner product of each sample with the other's, [batch, 1, …]. */
export function inner(x: Tensor, y: Tensor): Tensor {
  return sum(mul(x, y), x.shape.map((_, axis) => axis).slice(1), true);
}
