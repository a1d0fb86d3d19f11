import {
  add,
  clone,
  div,
  equal,
  floor,
  type GradConfig,
  greater,
  greaterEqual,
  lessEqual,
  log,
  mul,
  neg,
  onesLike,
  pow,
  square,
  sub,
  type Tensor,
  where,
  zerosLike,
  cast,
} from "@tensorflow/tfjs-core";
import { sumTo } from "./broadcast.ts";
import { gradient, gradientOfList, type InputGradients } from "./define.ts";
import { stopGradient } from "./stop-gradient.ts";

type Rule = (dy: Tensor, a: Tensor, b: Tensor) => Tensor;

/** The gradient of an elementwise kernel of two inputs that may broadcast. */
function binary(kernelName: string, ruleA: Rule, ruleB: Rule): GradConfig {
  return gradient(kernelName, ["a", "b"], (dy, { a, b }): InputGradients => ({
    a: () => fresh(dy, sumTo(ruleA(dy, a, b), a.shape)),
    b: () => fresh(dy, sumTo(ruleB(dy, a, b), b.shape)),
  }));
}

const fresh = (dy: Tensor, result: Tensor): Tensor => (result === dy ? clone(dy) : result);

const mask = (condition: Tensor): Tensor => stopGradient(cast(condition, "float32"));

export const binaryGradients: readonly GradConfig[] = [
  binary(
    "Add",
    (dy) => dy,
    (dy) => dy,
  ),
  binary(
    "Sub",
    (dy) => dy,
    (dy) => neg(dy),
  ),
  binary(
    "Multiply",
    (dy, _a, b) => mul(dy, b),
    (dy, a) => mul(dy, a),
  ),
  binary(
    "RealDiv",
    (dy, _a, b) => div(dy, b),
    (dy, a, b) => neg(mul(div(dy, b), div(a, b))),
  ),
  // As TensorFlow: at a tie the gradient of maximum and minimum goes to the first.
  binary(
    "Maximum",
    (dy, a, b) => mul(dy, mask(greaterEqual(a, b))),
    (dy, a, b) => mul(dy, mask(greater(b, a))),
  ),
  binary(
    "Minimum",
    (dy, a, b) => mul(dy, mask(lessEqual(a, b))),
    (dy, a, b) => mul(dy, mask(greater(a, b))),
  ),
  binary(
    "SquaredDifference",
    (dy, a, b) => mul(dy, mul(sub(a, b), 2)),
    (dy, a, b) => mul(dy, mul(sub(b, a), 2)),
  ),
  binary("Pow", powBase, powExponent),
  binary(
    "Atan2",
    (dy, a, b) => mul(dy, div(b, add(square(a), square(b)))),
    (dy, a, b) => neg(mul(dy, div(a, add(square(a), square(b))))),
  ),
  binary(
    "Mod",
    (dy) => dy,
    (dy, a, b) => neg(mul(dy, stopGradient(floor(div(a, b))))),
  ),
  gradientOfList("AddN", (dy, inputs) => inputs.map(() => () => clone(dy))),
];

/** b a^(b-1), and 0 where b is 0 even at a = 0, so that x^2 has right derivatives of any order there. */
function powBase(dy: Tensor, a: Tensor, b: Tensor): Tensor {
  const lower = where(stopGradient(equal(b, 0)), onesLike(b), sub(b, 1));
  return mul(dy, mul(b, pow(a, lower)));
}

/** a^b log a, and 0 where a is not positive. */
function powExponent(dy: Tensor, a: Tensor, b: Tensor): Tensor {
  const positive = stopGradient(greater(a, 0));
  const logA = where(positive, log(where(positive, a, onesLike(a))), zerosLike(a));
  return mul(dy, mul(pow(a, b), logA));
}
