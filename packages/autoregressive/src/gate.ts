import { mul, sigmoid, splitTensor, tanh, type Tensor } from "@gen/tensor";

/** The first half of the features, by default through tanh, times σ of the second. Inside a tidy. */
export function gated(x: Tensor, activation: (a: Tensor) => Tensor = tanh): Tensor {
  const [a, b] = splitTensor(x, 2, -1) as [Tensor, Tensor];
  return mul(activation(a), sigmoid(b));
}
