import type { GaussianDensity } from "./gaussian-density.ts";
import { cholesky, solveLower } from "./linear-algebra.ts";
import type { Measure } from "./measure.ts";

/** H(p) = -E_p ln p in nats: of a table the entropy, of a density the differential entropy. */
export function entropyOf(p: Measure): number {
  return crossEntropyOf(p, p);
}

/** H(p, q) = -E_p ln q in nats = H(p) + KL(p‖q). What maximum likelihood minimises over q. Infinite where q misses p. */
export function crossEntropyOf(p: Measure, q: Measure): number {
  return -expectation("crossEntropyOf", p, q, (i) => q.logDensity[i]!);
}

/**
 * KL(p‖q) = E_p ln(p/q) ≥ 0 in nats. It is not symmetric: as a loss over q, KL(p‖q) punishes a q that is small where p
 * is not (q covers all modes), KL(q‖p) one that is large where p is not (q seeks one mode).
 */
export function klOf(p: Measure, q: Measure): number {
  return expectation("klOf", p, q, (i) => p.logDensity[i]! - q.logDensity[i]!);
}

/** The Jensen–Shannon divergence, ½·KL(p‖m) + ½·KL(q‖m) with m = (p + q)/2: symmetric, from 0 to ln 2 nats. */
export function jensenShannonOf(p: Measure, q: Measure): number {
  checkSame("jensenShannonOf", p, q);
  const middle = {
    weights: p.weights,
    logDensity: p.logDensity.map((log, i) =>
      Math.log((Math.exp(log) + Math.exp(q.logDensity[i]!)) / 2),
    ),
  };
  return (klOf(p, middle) + klOf(q, middle)) / 2;
}

/** The total variation distance, ½·∫|p - q|, from 0 to 1. */
export function totalVariationOf(p: Measure, q: Measure): number {
  checkSame("totalVariationOf", p, q);
  let sum = 0;
  p.weights.forEach((weight, i) => {
    sum += weight * Math.abs(Math.exp(p.logDensity[i]!) - Math.exp(q.logDensity[i]!));
  });
  return sum / 2;
}

function expectation(
  caller: string,
  p: Measure,
  q: Measure,
  value: (index: number) => number,
): number {
  checkSame(caller, p, q);
  let sum = 0;
  for (let i = 0; i < p.weights.length; i++) {
    const mass = p.weights[i]! * Math.exp(p.logDensity[i]!);
    if (mass > 0) sum += mass * value(i);
  }
  return sum;
}

function checkSame(caller: string, p: Measure, q: Measure): void {
  if (p.weights.length !== q.weights.length || !p.weights.every((w, i) => w === q.weights[i])) {
    throw new Error(
      `${caller}: p and q must lie on the same points, got ${p.weights.length} and ${q.weights.length}; ` +
        "lay both out with the same arguments",
    );
  }
}

/** The entropy of a Gaussian in nats, ½·ln det(2πe·Σ). */
export function entropyOfGaussian(p: GaussianDensity): number {
  return crossEntropyOfGaussians(p, p);
}

/**
 * H(p, q) = -E_p ln q of Gaussians in nats. For q fitted to data, with p = `fitGaussian(data)` it is the average
 * negative log-likelihood of the data exactly, since ln q is quadratic.
 */
export function crossEntropyOfGaussians(p: GaussianDensity, q: GaussianDensity): number {
  const n = p.dimensions;
  if (q.dimensions !== n) {
    throw new Error(
      `crossEntropyOfGaussians: p and q must have one number of dimensions, got ${n} and ${q.dimensions}`,
    );
  }
  const lower = cholesky(q.covariance)!;
  const squared = (vector: ArrayLike<number>): number => {
    const row = Float64Array.from(vector);
    solveLower(lower, row);
    return row.reduce((sum, value) => sum + value * value, 0);
  };
  // tr(Σq⁻¹·Σp) = ‖Lq⁻¹·Lp‖², column by column, and (μp - μq)ᵀ·Σq⁻¹·(μp - μq).
  const factor = cholesky(p.covariance)!;
  let sum = squared(p.mean.map((mean, i) => mean - q.mean[i]!)) + n * Math.log(2 * Math.PI);
  for (let k = 0; k < n; k++) {
    sum += squared(p.mean.map((_, i) => factor[i * n + k]!)) + 2 * Math.log(lower[k * n + k]!);
  }
  return sum / 2;
}

/**
 * KL(p‖q) of Gaussians in nats, ½·[tr(Σq⁻¹Σp) + Δᵀ·Σq⁻¹·Δ - d + ln(det Σq / det Σp)]. (Some lecture notes give its
 * one-dimensional form for vectors, without the factors d.)
 */
export function klOfGaussians(p: GaussianDensity, q: GaussianDensity): number {
  return crossEntropyOfGaussians(p, q) - entropyOfGaussian(p);
}
