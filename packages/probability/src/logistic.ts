import { abs, add, mul, neg, softplus } from "@gen/tensor";
import { drawByQuantile } from "./draw-by-quantile.ts";
import { locationScale, type LocationScaleDistribution, type Standard } from "./location-scale.ts";
import type { Parameter } from "./parameter.ts";

const standardLogistic: Standard = {
  name: "logistic",
  logProb: (z) => neg(add(abs(z), mul(2, softplus(neg(abs(z)))))),
  draw: (key, shape) => drawByQuantile(key, shape, (u) => Math.log(u) - Math.log1p(-u)),
  mean: 0,
  variance: Math.PI ** 2 / 3,
  entropy: 2,
};

/** Logistic distributions of single numbers: P(X ≤ x) = sigmoid((x − loc) / scale). */
export function logistic(loc: Parameter, scale: Parameter): LocationScaleDistribution {
  return locationScale(standardLogistic, loc, scale);
}
