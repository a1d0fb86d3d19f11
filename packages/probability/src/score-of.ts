import { grad, sum, type Tensor } from "@gen/tensor";

/**
 * The score ∇ₓ ln p(x) of any differentiable log-density, by one reverse pass. It can be differentiated again, in x and
 * in the parameters of the density.
 *
 * @param logDensity takes [batch, …] and gives [batch], each number from its own row; constants do not matter, so an
 *   energy-based model's -E(x) will do
 * @returns a function of x [batch, …] that gives a tensor of its shape, which the caller disposes of
 */
export function scoreOf(logDensity: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  return grad((x: Tensor) => sum(logDensity(x)));
}
