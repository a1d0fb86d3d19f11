import { checkPositive } from "./check.ts";
import type { Path } from "./path.ts";
import { pathOfLogSnr } from "./path-of-log-snr.ts";

/**
 * The path whose log-SNR has a Laplace distribution when t is uniform, which trains most where signal and noise are
 * equal: λ(t) = μ - b·sgn(½ - t)·log(1 - 2|t - ½|), taken so that it falls (Hang et al. 2024, arXiv:2407.03297, table
 * 1). diffusers' `laplace` takes √ of this ᾱ.
 *
 * @param options μ, default 0, and b, default 0.5
 * @throws if b is not a positive number or μ not finite
 */
export function laplacePath({
  mean = 0,
  scale = 0.5,
}: { mean?: number; scale?: number } = {}): Path {
  checkPositive("laplacePath", "scale", scale);
  if (!Number.isFinite(mean)) {
    throw new Error(`laplacePath: mean must be a finite number, got ${mean}`);
  }
  return pathOfLogSnr({
    name: "laplacePath",
    end: 1,
    logSnr: (t) => mean + (t < 0.5 ? -scale * Math.log(2 * t) : scale * Math.log(2 * (1 - t))),
    logSnrPrime: (t) => -scale / Math.min(t, 1 - t),
    inverseLogSnr: (logSnr) => {
      const distance = (logSnr - mean) / scale;
      return distance > 0 ? Math.exp(-distance) / 2 : 1 - Math.exp(distance) / 2;
    },
  });
}
