import { add, mean, mul, scalar, square, sum, tidy, type Key, type Scalar } from "@gen/tensor";
import type { Tensor } from "@gen/tensor";
import { divergence, hutchinsonDivergence } from "./divergence.ts";
import { probe, type ProbeKind } from "./probe.ts";

/**
 * Implicit score matching, E[∇·s(x) + ½·‖s(x)‖²] (Hyvärinen 2005, eq. 4): it needs no score of the data and equals
 * ½·E‖s - ∇ln p‖² up to a constant. The exact trace takes one reverse pass for each dimension: for small points.
 *
 * @param score the model: x [batch, …] → a tensor like x, each row from its own
 * @param x data, [batch, …]
 * @returns a scalar, the mean over the batch; the caller disposes of it
 */
export function implicitScoreMatchingLoss(score: (x: Tensor) => Tensor, x: Tensor): Scalar {
  return tidy(() => {
    const { value, divergence: trace } = divergence(score, x);
    return meanOf(trace, rowDot(value, value));
  });
}

/**
 * Sliced score matching, E[vᵀ·∇(vᵀ·s(x)) + ½·(vᵀ·s(x))²] with a random direction v for each row (Song et al. 2019,
 * arXiv:1905.07088, eq. 7): the price of one reverse pass in any dimension.
 *
 * @param score the model: x [batch, …] → a tensor like x, each row from its own
 * @param x data, [batch, …]
 * @param key of the directions
 * @returns a scalar, the mean over the batch; the caller disposes of it
 */
export function slicedScoreMatchingLoss(
  score: (x: Tensor) => Tensor,
  x: Tensor,
  key: Key,
  kind: ProbeKind = "rademacher",
): Scalar {
  return tidy(() => {
    const { value, divergence: trace } = hutchinsonDivergence(score, x, key, kind);
    // The same key draws the directions that the divergence was taken along.
    return meanOf(trace, square(rowDot(probe(key, x.shape, kind), value)));
  });
}

/**
 * Sliced score matching with less variance: E[vᵀ·∇(vᵀ·s(x)) + ½·‖s(x)‖²], where the second term was averaged over v
 * (Song et al. 2019, arXiv:1905.07088, eq. 8).
 *
 * @param score the model: x [batch, …] → a tensor like x, each row from its own
 * @param x data, [batch, …]
 * @param key of the directions
 * @returns a scalar, the mean over the batch; the caller disposes of it
 */
export function slicedScoreMatchingVrLoss(
  score: (x: Tensor) => Tensor,
  x: Tensor,
  key: Key,
  kind: ProbeKind = "rademacher",
): Scalar {
  return tidy(() => {
    const { value, divergence: trace } = hutchinsonDivergence(score, x, key, kind);
    return meanOf(trace, rowDot(value, value));
  });
}

/** The inner product of each row of a with that of b: [batch]. */
function rowDot(a: Tensor, b: Tensor): Tensor {
  const axes = a.shape.map((_, axis) => axis).slice(1);
  return sum(mul(a, b), axes);
}

/** The mean of trace + square/2. */
function meanOf(trace: Tensor, squared: Tensor): Scalar {
  return mean(add(trace, mul(squared, scalar(0.5))));
}
