import { add, mul, sigmoid, sub, type Tensor } from "@gen/tensor";
import { differentiable } from "./differentiable.ts";

/**
 * x·sigmoid(x), also called swish (Hendrycks and Gimpel, arXiv:1606.08415; Elfwing et al., arXiv:1702.03118). Right
 * derivatives of every order. The caller disposes of the result.
 */
export const silu: (x: Tensor) => Tensor = differentiable(
  (x) => mul(x, sigmoid(x)),
  (dy, x) => {
    // With y = x·s, the derivative s + x·s·(1 - s) is y + s·(1 - y).
    const s = sigmoid(x);
    const y = mul(x, s);
    return mul(dy, add(y, mul(s, sub(1, y))));
  },
);
