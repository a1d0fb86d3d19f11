import { add, expandDims, mean, mul, square, stack, sum, type Tensor, unstack } from "@gen/tensor";
import { differentiable } from "./differentiable.ts";

/**
 * The sums of x and of x² over the middle axis: x [a, n, c] → [2, a, c]. The gradient is one multiplication and one
 * addition per number of x.
 */
export const powerSums: (x: Tensor) => Tensor = differentiable(
  (x) => stack([sum(x, 1), sum(square(x), 1)]),
  (dy, x) => {
    const [first, second] = unstack(dy) as [Tensor, Tensor];
    return add(mul(x, expandDims(mul(second, 2), 1)), expandDims(first, 1));
  },
);

/** The mean of x² over the last axis: [..., n] → [..., 1]. */
export const meanSquare: (x: Tensor) => Tensor = differentiable(
  (x) => mean(square(x), -1, true),
  (dy, x) => mul(x, mul(dy, 2 / (x.shape[x.rank - 1] as number))),
);
