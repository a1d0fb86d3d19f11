import { add, div, maximum, mean, mul, sqrt, square, sub, type Tensor } from "@gen/tensor";
import { type GuidanceRule, guidanceRule, type GuidanceStrength } from "./guidance-rule.ts";

/**
 * A rule whose result is brought back to the spread of the positive prediction, as far as `share` says: strong
 * guidance overexposes images (Lin et al. 2023, arXiv:2305.08891, section 3.4). The standard deviation is over each
 * sample.
 *
 * @param share φ in [0, 1]: 0 leaves the rule as it is. Default the paper's 0.7.
 */
export function rescale(strength: GuidanceStrength | GuidanceRule, share = 0.7): GuidanceRule {
  const rule = guidanceRule("rescale", strength);
  if (!(share >= 0 && share <= 1)) {
    throw new Error(`rescale: share must be in [0, 1], got ${share}`);
  }
  return {
    ...rule,
    join(positive, negative) {
      const joined = rule.join(positive, negative);
      const factor = div(deviation(positive), maximum(deviation(joined), 1e-12));
      return mul(joined, add(mul(factor, share), 1 - share));
    },
  };
}

function deviation(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis).slice(1);
  return sqrt(mean(square(sub(x, mean(x, axes, true))), axes, true));
}
