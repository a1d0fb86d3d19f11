import { grad, reshape, square, sum, type Tensor, tidy } from "@gen/tensor";

/**
 * The gradient of each output with respect to its own input, ∇ₓ Σᵢ f(x)ᵢ, which can be differentiated again.
 *
 * @param f a function of [batch, …] that treats the elements of a batch apart
 * @returns the shape of x; the caller disposes of it
 */
export function inputGradient(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  return grad((t: Tensor) => sum(f(t)))(x);
}

/** Σ v² of each element of a batch: [batch, …] → [batch]. The caller disposes of the result. */
export function squaredNorms(v: Tensor): Tensor {
  return tidy(() => sum(square(reshape(v, [v.shape[0] as number, -1])), 1));
}
