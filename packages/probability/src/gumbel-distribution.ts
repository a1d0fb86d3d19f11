import { add, exp, gumbel as standardDraw, neg } from "@gen/tensor";
import { locationScale, type LocationScaleDistribution, type Standard } from "./location-scale.ts";
import type { Parameter } from "./parameter.ts";

/** Euler's constant γ: the mean of the standard Gumbel distribution. */
const eulerGamma = 0.5772156649015329;

const standardGumbel: Standard = {
  name: "gumbelDistribution",
  logProb: (z) => neg(add(z, exp(neg(z)))),
  draw: standardDraw,
  mean: eulerGamma,
  variance: Math.PI ** 2 / 6,
  entropy: 1 + eulerGamma,
};

/**
 * Gumbel distributions of single numbers, of the larger values: P(X ≤ x) = exp(−exp(−(x − loc)/scale)). The class with
 * the largest logit + Gumbel(0, 1) is a draw from the softmax of the logits. (Named so because `gumbel` of @gen/tensor
 * draws standard ones.)
 */
export function gumbelDistribution(loc: Parameter, scale: Parameter): LocationScaleDistribution {
  return locationScale(standardGumbel, loc, scale);
}
