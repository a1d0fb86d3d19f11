import { add, mul, sigmoid, sub, type Tensor } from "@gen/tensor";
import { differentiable } from "./differentiable.ts";

/**
 * x·sigmoid(x), also called swish (Hendrycks and Gimpel, arXiv:1606.08415; Elfwing et al., arXiv:1702.03118). Right
 * derivatives of every order. The caller disposes of the result.
 */
export const silu: (x: Tensor) => Tensor = differentiable(
  (x) => mul(x, sigmoid(x)),
  (dy, x) => {
    const s = sigmoid(x);
    return mul(dy, mul(s, add(mul(x, sub(1, s)), 1)));
  },
);
