import {
  cast,
  cumsum,
  div,
  equal,
  type GradConfig,
  max,
  min,
  mul,
  reshape,
  sum,
  type Tensor,
} from "@tensorflow/tfjs-core";
import { axesOf, keptShape, spread } from "./broadcast.ts";
import { gradient } from "./define.ts";
import { stopGradient } from "./stop-gradient.ts";

type Axis = number | number[] | null;

/** The gradient of an extremum goes to where it is, in equal parts where it is several times. */
function toExtremum(dy: Tensor, x: Tensor, axis: Axis, extremum: typeof max): Tensor {
  const hits = cast(equal(x, extremum(x, axis as number[], true)), "float32");
  const share = stopGradient(div(hits, sum(hits, axis as number[], true)));
  return mul(reshape(dy, keptShape(x.shape, axis)), share);
}

export const reduceGradients: readonly GradConfig[] = [
  gradient<"x", { axis: Axis }>("Sum", ["x"], (dy, { x }, { axis }) => ({
    x: () => spread(dy, x.shape, axis),
  })),
  gradient<"x", { axis: Axis }>("Mean", ["x"], (dy, { x }, { axis }) => ({
    x: () => {
      const count = axesOf(x.shape, axis).reduce(
        (product, i) => product * (x.shape[i] as number),
        1,
      );
      return spread(mul(dy, 1 / count), x.shape, axis);
    },
  })),
  gradient<"x", { reductionIndices: Axis }>("Max", ["x"], (dy, { x }, { reductionIndices }) => ({
    x: () => toExtremum(dy, x, reductionIndices, max),
  })),
  gradient<"x", { axis: Axis }>("Min", ["x"], (dy, { x }, { axis }) => ({
    x: () => toExtremum(dy, x, axis, min),
  })),
  gradient<"x", { axis: number; exclusive: boolean; reverse: boolean }>(
    "Cumsum",
    ["x"],
    (dy, _inputs, { axis, exclusive, reverse }) => ({
      x: () => cumsum(dy, axis, exclusive, !reverse),
    }),
  ),
];
