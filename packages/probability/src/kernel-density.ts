import { add, mul, normal, type Tensor, tidy } from "@gen/tensor";
import { split } from "@gen/random";
import { empirical } from "./empirical.ts";
import { type Gaussian, diagonalGaussian } from "./gaussian.ts";
import type { Independent } from "./independent.ts";
import { type Mixture, mixture } from "./mixture.ts";
import { expectPositive } from "./parameter.ts";

/**
 * The Parzen estimate of a density: a Gaussian of standard deviation `bandwidth` on each of n points [n, d]. It is also
 * what the data look like after noise of that size.
 *
 * @param points [n, d]; it stays the caller's and must outlive the distribution
 */
export function kernelDensity(points: Tensor, bandwidth: number): Mixture<Independent<Gaussian>> {
  expectPositive("kernelDensity", "bandwidth", bandwidth);
  const [count] = points.shape;
  if (points.rank !== 2 || !count) {
    throw new Error(`kernelDensity: points must be [n, d] with n ≥ 1, got [${points.shape}]`);
  }
  const logits = Array.from({ length: count }, () => 0);
  return {
    ...mixture(logits, diagonalGaussian(points, bandwidth)),
    // A point and noise: not one draw of each of the n components to choose from.
    sample: (key, shape = []) =>
      tidy(() => {
        const [pointKey, noiseKey] = split(key);
        const chosen = empirical(points).sample(pointKey, shape);
        return add(chosen, mul(bandwidth, normal(noiseKey, chosen.shape)));
      }),
  };
}
