import { abs, add, div, exp, log, mul, neg, sub, type Tensor, tidy } from "@gen/tensor";
import type { ClosedKl } from "./distribution.ts";
import { drawByQuantile } from "./draw-by-quantile.ts";
import {
  locationScale,
  type LocationScale,
  type LocationScaleDistribution,
  type Standard,
} from "./location-scale.ts";
import { asInput, type Parameter } from "./parameter.ts";

const standardLaplace: Standard = {
  name: "laplace",
  logProb: (z) => sub(neg(abs(z)), Math.LN2),
  draw: (key, shape) =>
    drawByQuantile(key, shape, (u) => (u < 0.5 ? Math.log(2 * u) : -Math.log(2 * (1 - u)))),
  mean: 0,
  variance: 2,
  entropy: 1 + Math.LN2,
};

export interface Laplace extends LocationScaleDistribution, ClosedKl<LocationScale> {}

/**
 * Laplace distributions of single numbers, exp(−|x − loc| / b) / 2b with b = `scale`: the likelihood whose maximum is
 * the least absolute error. KL(p ‖ q) = log(bq/bp) + (bp·exp(−|Δ|/bp) + |Δ|) / bq − 1 with Δ = loc_p − loc_q.
 */
export function laplace(loc: Parameter, scale: Parameter): Laplace {
  return {
    ...locationScale(standardLaplace, loc, scale),
    kl: (q) => laplaceKl({ loc, scale }, q),
  };
}

function laplaceKl(p: LocationScale, q: LocationScale): Tensor {
  return tidy(() => {
    const [mp, sp, mq, sq] = [p.loc, p.scale, q.loc, q.scale].map(asInput);
    const distance = abs(sub(mp!, mq!));
    const absolute = add(mul(sp!, exp(neg(div(distance, sp!)))), distance);
    return sub(add(sub(log(sq!), log(sp!)), div(absolute, sq!)), 1);
  });
}
