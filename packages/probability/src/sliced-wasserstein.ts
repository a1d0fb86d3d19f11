import {
  abs,
  add,
  cast,
  customGrad,
  gather,
  matMul,
  mean,
  neg,
  norm,
  normal,
  div,
  pow,
  reshape,
  stopGradient,
  sub,
  type Tensor,
  tensor,
  tidy,
  topk,
  transpose,
} from "@gen/tensor";
import type { Key } from "@gen/random";

export interface SlicedWassersteinOptions {
  /** How many random directions. Default 50. */
  directions?: number;
  /** The order p of the distance. Default 2. */
  order?: number;
}

/**
 * The sliced Wasserstein distance of two samples to the power p, SW_p^p = E_θ W_p^p(⟨θ, x⟩, ⟨θ, y⟩), over random
 * directions θ: each W_p is one of one dimension, where sorting both sides is the optimal transport (Bonneel et al.
 * 2015; sliced-Wasserstein auto-encoders, Kolouri et al. 2018, arXiv:1804.01947). Differentiable in both samples.
 *
 * @param x [n, d]
 * @param y [n, d]: as many points
 * @returns a scalar; the caller disposes of it
 */
export function slicedWasserstein(
  x: Tensor,
  y: Tensor,
  key: Key,
  { directions = 50, order = 2 }: SlicedWassersteinOptions = {},
): Tensor {
  const name = "slicedWasserstein";
  if (x.rank !== 2 || `${x.shape}` !== `${y.shape}`) {
    throw new Error(
      `${name}: x and y must both be [n, d] with as many points, got [${x.shape}] and [${y.shape}]`,
    );
  }
  if (!(Number.isInteger(directions) && directions > 0)) {
    throw new Error(`${name}: directions must be a whole number above 0, got ${directions}`);
  }
  if (!(order >= 1)) throw new Error(`${name}: order must be 1 or more, got ${order}`);
  return tidy(() => {
    const raw = normal(key, [directions, x.shape[1]!]);
    const axes = transpose(div(raw, norm(raw, 2, 1, true)));
    const [a, b] = [x, y].map((points) => sortedRows(transpose(matMul(points, axes))));
    return mean(pow(abs(sub(a!, b!)), order));
  });
}

/** Each row of [rows, n] in falling order. */
function sortedRows(x: Tensor): Tensor {
  const n = x.shape[1] as number;
  const order = topk(stopGradient(x), n).indices;
  const inverse = topk(neg(cast(order, "float32")), n).indices;
  return permutedRows(x, order, inverse);
}

/**
 * Row by row x[order]. Its gradient is the permutation back: by the rule for gathering anything, it would be a sum over
 * segments, which some backends take n² for.
 */
function permutedRows(x: Tensor, order: Tensor, inverse: Tensor): Tensor {
  const [rows, n] = x.shape as [number, number];
  const op = customGrad((...args) => {
    const [input, save] = args as unknown as [Tensor, (tensors: Tensor[]) => void];
    save([order, inverse]);
    const starts = Int32Array.from({ length: rows }, (_, row) => row * n);
    const from = add(order, tensor(starts, [rows, 1], "int32"));
    return {
      value: gather(reshape(input, [rows * n]), from),
      gradFunc: (dy: Tensor, [there, back]: Tensor[]) => permutedRows(dy, back!, there!),
    };
  });
  return op(x);
}
