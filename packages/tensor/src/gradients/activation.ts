import {
  add,
  cast,
  exp,
  type GradConfig,
  greater,
  greaterEqual,
  lessEqual,
  logicalAnd,
  minimum,
  mul,
  sigmoid,
  step,
  sub,
  type Tensor,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { sumTo } from "./broadcast.ts";
import { gradient } from "./define.ts";
import { stopGradient } from "./stop-gradient.ts";

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** Where the function has slope 1 or 0 by pieces, the slope is a constant of the backward pass. */
const slope = (x: Tensor): Tensor => stopGradient(cast(x, "float32"));

export const activationGradients: readonly GradConfig[] = [
  gradient("Relu", ["x"], (dy, { x }) => ({ x: () => mul(dy, slope(step(x))) })),
  gradient("Relu6", ["x"], (dy, { x }) => ({
    x: () => mul(dy, slope(mul(step(x), step(sub(6, x))))),
  })),
  gradient<"x", { alpha: number }>("LeakyRelu", ["x"], (dy, { x }, { alpha }) => ({
    x: () => mul(dy, slope(step(x, alpha))),
  })),
  gradient("Prelu", ["x", "alpha"], (dy, { x, alpha }) => ({
    x: () => where(stopGradient(greater(x, 0)), dy, mul(dy, alpha)),
    alpha: () => sumTo(where(stopGradient(greater(x, 0)), zerosLike(dy), mul(dy, x)), alpha.shape),
  })),
  // e^min(x, 0) is 1 above 0 and cannot overflow, and its own derivative is right on both sides.
  gradient("Elu", ["x"], (dy, { x }) => ({ x: () => mul(dy, exp(minimum(x, 0))) })),
  gradient("Selu", ["x"], (dy, { x }) => ({
    x: () => {
      const below = mul(exp(minimum(x, 0)), SELU_SCALE * SELU_ALPHA);
      return mul(dy, add(below, mul(slope(step(x)), SELU_SCALE * (1 - SELU_ALPHA))));
    },
  })),
  gradient("Sigmoid", ["x"], (dy, { x }) => ({
    x: () => {
      const y = sigmoid(x);
      return mul(dy, mul(y, sub(1, y)));
    },
  })),
  gradient("Softplus", ["x"], (dy, { x }) => ({ x: () => mul(dy, sigmoid(x)) })),
  gradient<"x", { clipValueMin: number; clipValueMax: number }>(
    "ClipByValue",
    ["x"],
    (dy, { x }, { clipValueMin, clipValueMax }) => ({
      x: () => {
        const inside = logicalAnd(greaterEqual(x, clipValueMin), lessEqual(x, clipValueMax));
        return mul(dy, slope(inside));
      },
    }),
  ),
];
