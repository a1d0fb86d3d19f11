import {
  concat,
  type GradConfig,
  mul,
  pad,
  reshape,
  reverse,
  slice,
  add,
  type Tensor,
  transpose,
} from "@tensorflow/tfjs-core";
import { axesOf } from "./broadcast.ts";
import { gradient } from "./define.ts";

// Both gradients multiply instead of dividing the result by each factor, so they are right where factors are zero.

export const productGradients: readonly GradConfig[] = [
  gradient<"x", { axis: number | number[] | null }>("Prod", ["x"], (dy, { x }, { axis }) => ({
    x: () => {
      const axes = axesOf(x.shape, axis);
      const perm = [...x.shape.keys()].filter((i) => !axes.includes(i)).concat(axes);
      const moved = transpose(x, perm);
      const dx = productGradient(
        reshape(dy, [dy.size, 1]),
        reshape(moved, [dy.size, x.size / dy.size]),
      );
      return transpose(
        reshape(dx, moved.shape),
        perm.map((_, i) => perm.indexOf(i)),
      );
    },
  })),
  gradient<"x", { axis: number; exclusive: boolean; reverse: boolean }>(
    "Cumprod",
    ["x"],
    (dy, { x }, { axis, exclusive, reverse: backwards }) => ({
      x: () => {
        const turn = (t: Tensor): Tensor => (backwards ? reverse(t, axis) : t);
        const along = axis < 0 ? axis + x.rank : axis;
        // The exclusive products are the inclusive ones, moved by one.
        const inclusive = exclusive ? earlier(turn(dy), along, 1) : turn(dy);
        return turn(cumprodGradient(inclusive, turn(x), along));
      },
    }),
  ),
];

/** The gradient of a product of each row [m, n] of x by a binary tree of products; dy is [m, 1]. */
function productGradient(dy: Tensor, x: Tensor): Tensor {
  const [m, n] = x.shape as [number, number];
  if (n === 1) return reshape(dy, [m, 1]);
  const half = Math.ceil(n / 2);
  const left = slice(x, [0, 0], [m, half]);
  const right = pad(
    slice(x, [0, half], [m, n - half]),
    [
      [0, 0],
      [0, 2 * half - n],
    ],
    1,
  );
  const d = productGradient(dy, mul(left, right));
  return slice(concat([mul(d, right), mul(d, left)], 1), [0, 0], [m, n]);
}

/** The gradient of inclusive running products, by doubling: y <- y * (y moved on by 1, 2, 4, ...). */
function cumprodGradient(dy: Tensor, x: Tensor, axis: number, step = 1): Tensor {
  if (step >= (x.shape[axis] as number)) return dy;
  const before = later(x, axis, step);
  const d = cumprodGradient(dy, mul(x, before), axis, 2 * step);
  return add(mul(d, before), earlier(mul(d, x), axis, step));
}

/** Moved on by `step` places; ones come in. */
function later(x: Tensor, axis: number, step: number): Tensor {
  const size = x.shape.map((n, i) => (i === axis ? n - step : n));
  return pad(
    slice(
      x,
      x.shape.map(() => 0),
      size,
    ),
    x.shape.map((_, i) => (i === axis ? [step, 0] : [0, 0])),
    1,
  );
}

/** Moved back by `step` places; zeros come in. */
function earlier(x: Tensor, axis: number, step: number): Tensor {
  const begin = x.shape.map((_, i) => (i === axis ? step : 0));
  const size = x.shape.map((n, i) => (i === axis ? n - step : n));
  return pad(
    slice(x, begin, size),
    x.shape.map((_, i) => (i === axis ? [0, step] : [0, 0])),
  );
}
