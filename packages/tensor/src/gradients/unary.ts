import {
  add,
  clone,
  cos,
  cosh,
  div,
  exp,
  type GradConfig,
  mul,
  neg,
  rsqrt,
  sign,
  sin,
  sinh,
  sqrt,
  square,
  sub,
  tan,
  tanh,
  type Tensor,
} from "@tensorflow/tfjs-core";
import { gradient } from "./define.ts";
import { stopGradient } from "./stop-gradient.ts";

function unary(kernelName: string, rule: (dy: Tensor, x: Tensor) => Tensor): GradConfig {
  return gradient(kernelName, ["x"], (dy, { x }) => ({ x: () => rule(dy, x) }));
}

export const unaryGradients: readonly GradConfig[] = [
  unary("Identity", (dy) => clone(dy)),
  unary("Neg", (dy) => neg(dy)),
  unary("Abs", (dy, x) => mul(dy, stopGradient(sign(x)))),
  unary("Square", (dy, x) => mul(dy, mul(x, 2))),
  unary("Sqrt", (dy, x) => div(dy, mul(sqrt(x), 2))),
  unary("Rsqrt", (dy, x) => mul(dy, div(rsqrt(x), mul(x, -2)))),
  unary("Reciprocal", (dy, x) => neg(div(dy, square(x)))),
  unary("Exp", (dy, x) => mul(dy, exp(x))),
  unary("Expm1", (dy, x) => mul(dy, exp(x))),
  unary("Log", (dy, x) => div(dy, x)),
  unary("Log1p", (dy, x) => div(dy, add(x, 1))),
  unary("Sin", (dy, x) => mul(dy, cos(x))),
  unary("Cos", (dy, x) => neg(mul(dy, sin(x)))),
  unary("Tan", (dy, x) => mul(dy, add(square(tan(x)), 1))),
  unary("Asin", (dy, x) => mul(dy, rsqrt(sub(1, square(x))))),
  unary("Acos", (dy, x) => neg(mul(dy, rsqrt(sub(1, square(x)))))),
  unary("Atan", (dy, x) => div(dy, add(square(x), 1))),
  unary("Sinh", (dy, x) => mul(dy, cosh(x))),
  unary("Cosh", (dy, x) => mul(dy, sinh(x))),
  unary("Tanh", (dy, x) => mul(dy, sub(1, square(tanh(x))))),
  unary("Asinh", (dy, x) => mul(dy, rsqrt(add(square(x), 1)))),
  unary("Acosh", (dy, x) => mul(dy, rsqrt(sub(square(x), 1)))),
  unary("Atanh", (dy, x) => div(dy, sub(1, square(x)))),
  unary("Erf", (dy, x) => mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)))),
];
