import { div, maximum, mul } from "@gen/tensor";
import { type GuidanceRule, guidanceRule, type GuidanceStrength } from "./guidance-rule.ts";
import { inner } from "./inner.ts";

/**
 * A rule with the negative prediction scaled to fit the positive one best, by ⟨v_y, v_∅⟩/‖v_∅‖² of each sample:
 * CFG-Zero* for velocities (Fan et al. 2025, arXiv:2503.18886). Its zero first steps are an `interval` of your own.
 */
export function optimizedScale(strength: GuidanceStrength | GuidanceRule): GuidanceRule {
  const rule = guidanceRule("optimizedScale", strength);
  return {
    prediction: "velocity",
    ...rule,
    join(positive, negative) {
      const fit = div(inner(positive, negative), maximum(inner(negative, negative), 1e-24));
      return rule.join(positive, mul(negative, fit));
    },
  };
}
