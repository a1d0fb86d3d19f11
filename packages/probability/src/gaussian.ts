import { add, div, log, mul, normal, square, sub, type Tensor, tidy } from "@gen/tensor";
import type { ClosedKl } from "./distribution.ts";
import { type Independent, independent } from "./independent.ts";
import {
  locationScale,
  type LocationScale,
  type LocationScaleDistribution,
  type Standard,
} from "./location-scale.ts";
import { asInput, type Parameter } from "./parameter.ts";

const standardNormal: Standard = {
  name: "gaussian",
  logProb: (z) => sub(mul(-0.5, square(z)), 0.5 * Math.log(2 * Math.PI)),
  draw: normal,
  mean: 0,
  variance: 1,
  entropy: 0.5 * Math.log(2 * Math.PI * Math.E),
};

export interface Gaussian extends LocationScaleDistribution, ClosedKl<LocationScale> {}

/**
 * Normal distributions of single numbers. `scale` is the standard deviation σ, not the variance (one of the lecture
 * notes writes x = μ + zθ without saying that θ is σ). Samples are loc + σ·ε with ε ~ N(0, 1): the reparameterisation
 * of Kingma & Welling 2014 (arXiv:1312.6114).
 *
 * KL(p ‖ q) = log(σq/σp) + (σp² + (μp − μq)²) / 2σq² − ½ for each number. A vector's is the sum over its dimensions,
 * which `diagonalGaussian` gives; the notes put whole vectors into the formula of one dimension.
 */
export function gaussian(loc: Parameter, scale: Parameter): Gaussian {
  return {
    ...locationScale(standardNormal, loc, scale),
    kl: (q) => gaussianKl({ loc, scale }, q),
  };
}

/**
 * A Gaussian with independent dimensions: the last `eventRank` axes of the parameters are one event. Densities,
 * entropies and divergences sum over them.
 */
export function diagonalGaussian(
  loc: Parameter,
  scale: Parameter,
  eventRank = 1,
): Independent<Gaussian> {
  return independent(gaussian(loc, scale), eventRank);
}

function gaussianKl(p: LocationScale, q: LocationScale): Tensor {
  return tidy(() => {
    const [mp, sp, mq, sq] = [p.loc, p.scale, q.loc, q.scale].map(asInput);
    const ratio = square(div(sp!, sq!));
    const shift = square(div(sub(mp!, mq!), sq!));
    return mul(0.5, sub(add(ratio, shift), add(1, log(ratio))));
  });
}
