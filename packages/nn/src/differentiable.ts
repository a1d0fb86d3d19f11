import { customGrad, type Tensor } from "@gen/tensor";

/**
 * A function of one tensor with a gradient written by hand. It has derivatives of every order, because the gradient
 * is computed by differentiable operations from nothing but `dy` and `x`.
 */
export function differentiable(
  forward: (x: Tensor) => Tensor,
  backward: (dy: Tensor, x: Tensor) => Tensor,
): (x: Tensor) => Tensor {
  return customGrad((x, save) => {
    (save as (tensors: Tensor[]) => void)([x as Tensor]);
    return {
      value: forward(x as Tensor),
      gradFunc: (dy: Tensor, saved: Tensor[]) => backward(dy, saved[0] as Tensor),
    };
  });
}
