import { add, erf, exp, mul, sigmoid, square, sub, type Tensor } from "@gen/tensor";
import { differentiable } from "./differentiable.ts";

/**
 * x·Φ(x), Φ the standard normal distribution function (Hendrycks and Gimpel, arXiv:1606.08415 §2), as
 * `torch.nn.GELU()`. The caller disposes of the result.
 */
export const gelu: (x: Tensor) => Tensor = differentiable(
  (x) => mul(x, normalCdf(x)),
  (dy, x) =>
    mul(dy, add(normalCdf(x), mul(mul(x, 1 / Math.sqrt(2 * Math.PI)), exp(mul(square(x), -0.5))))),
);

function normalCdf(x: Tensor): Tensor {
  return mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
}

// 2√(2/π), and that times 0.044715.
const LINEAR = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = LINEAR * 0.044715;

/**
 * The approximation ½x·(1 + tanh(√(2/π)(x + 0.044715x³))) of gelu, as `torch.nn.GELU(approximate="tanh")`; GPT-2 and
 * DiT use it. The caller disposes of the result.
 */
export const geluTanh: (x: Tensor) => Tensor = differentiable(
  (x) => mul(x, sigmoid(mul(x, add(mul(square(x), CUBIC), LINEAR)))),
  (dy, x) => {
    const xx = square(x);
    const s = sigmoid(mul(x, add(mul(xx, CUBIC), LINEAR)));
    const slope = mul(x, add(mul(xx, 3 * CUBIC), LINEAR));
    return mul(dy, mul(s, add(mul(slope, sub(1, s)), 1)));
  },
);
