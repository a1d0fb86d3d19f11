import { add, div, maximum, minimum, mul, sqrt, sub } from "@gen/tensor";
import { guidanceScale, type GuidanceRule, type GuidanceStrength } from "./guidance-rule.ts";
import { inner } from "./inner.ts";

export interface AdaptiveProjectedOptions {
  /** η: how much is kept of the part along the positive prediction, which oversaturates. Default the paper's 0. */
  readonly parallel?: number;
  /** r: the longest that the difference of both predictions may be, by its norm over a sample. Default no limit. */
  readonly norm?: number;
}

/**
 * Adaptive projected guidance (Sadat et al. 2024, arXiv:2410.02416), on predictions of the data: the difference of
 * both is shortened to at most `norm`, and its part along the positive prediction left out. Linear guidance is
 * parallel = 1 with no limit. The paper's reverse momentum is a memory between steps, which a denoiser has not: it is
 * left out.
 */
export function adaptiveProjected(
  strength: GuidanceStrength,
  { parallel = 0, norm = Infinity }: AdaptiveProjectedOptions = {},
): GuidanceRule {
  const scale = guidanceScale("adaptiveProjected", strength);
  if (!Number.isFinite(parallel)) {
    throw new Error(`adaptiveProjected: parallel must be a finite number, got ${parallel}`);
  }
  if (!(norm > 0)) throw new Error(`adaptiveProjected: norm must be above 0, got ${norm}`);
  return {
    prediction: "data",
    join(positive, negative) {
      const whole = sub(positive, negative);
      const length = sqrt(maximum(inner(whole, whole), 1e-24));
      const difference = norm === Infinity ? whole : mul(whole, minimum(1, div(norm, length)));
      const share = div(inner(difference, positive), maximum(inner(positive, positive), 1e-24));
      const removed = mul(positive, mul(share, 1 - parallel));
      return add(positive, mul(sub(difference, removed), scale - 1));
    },
  };
}
