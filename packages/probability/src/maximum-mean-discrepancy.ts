import { add, div, eye, mean, mul, sub, sum, type Tensor, tidy } from "@gen/tensor";
import type { Kernel } from "./kernel.ts";

export interface MaximumMeanDiscrepancyOptions {
  /**
   * "unbiased" (the default) leaves out each point's kernel with itself: its expectation is the truth, and it may be
   * below 0. "biased" keeps them: never below 0, too large by O(1/n).
   */
  estimator?: "unbiased" | "biased";
}

/**
 * The squared maximum mean discrepancy of two samples, E k(x, x′) + E k(y, y′) − 2E k(x, y): zero only for equal
 * distributions where the kernel is characteristic, as the Gaussian one is (Gretton et al. 2012, JMLR 13, eqs. 3 and
 * 5). Differentiable in both samples: the penalty of InfoVAE and of Wasserstein auto-encoders. Float32; for a score to
 * report use the float64 one of @gen/metrics.
 *
 * @param x [n, d]
 * @param y [m, d]
 * @returns a scalar; the caller disposes of it
 */
export function maximumMeanDiscrepancy(
  x: Tensor,
  y: Tensor,
  kernel: Kernel,
  { estimator = "unbiased" }: MaximumMeanDiscrepancyOptions = {},
): Tensor {
  const name = "maximumMeanDiscrepancy";
  if (estimator !== "unbiased" && estimator !== "biased") {
    throw new Error(`${name}: estimator must be "unbiased" or "biased", got ${estimator}`);
  }
  if (x.rank !== 2 || y.rank !== 2 || x.shape[1] !== y.shape[1]) {
    throw new Error(`${name}: x and y must be [n, d] and [m, d], got [${x.shape}], [${y.shape}]`);
  }
  const least = estimator === "unbiased" ? 2 : 1;
  if (Math.min(x.shape[0]!, y.shape[0]!) < least) {
    throw new Error(
      `${name}: the ${estimator} estimator needs ${least} or more points of each, got ${x.shape[0]} and ${y.shape[0]}`,
    );
  }
  const within = (points: Tensor): Tensor => {
    const kernels = kernel(points, points);
    if (estimator === "biased") return mean(kernels);
    const n = points.shape[0]!;
    return div(sum(mul(kernels, sub(1, eye(n)))), n * (n - 1));
  };
  return tidy(() => sub(add(within(x), within(y)), mul(2, mean(kernel(x, y)))));
}
