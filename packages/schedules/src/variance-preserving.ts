import { checkRange } from "./check.ts";
import type { Path } from "./path.ts";

/** The rate of noise β(t) = betaMin + t·(betaMax - betaMin) of a continuous path. */
export interface BetaRange {
  /** β(0). Default 0.1. */
  betaMin?: number;
  /** β(1). Default 20. */
  betaMax?: number;
}

/**
 * The continuous variance-preserving path, a = exp(-½∫β), b = √(1 - a²), of dx = -½β x dt + √β dw (Song et al. 2021,
 * arXiv:2011.13456, eq. 32 and 33): the limit of DDPM's linear table for many steps. b grows as √t at t = 0, so its
 * derivative is infinite there.
 *
 * @throws unless 0 < betaMin < betaMax
 */
export function variancePreserving(options: BetaRange = {}): Path {
  const { integral, beta, inverse } = linearBeta("variancePreserving", options);
  const a = (t: number): number => Math.exp(-integral(t) / 2);
  const b = (t: number): number => Math.sqrt(-Math.expm1(-integral(t)));
  return {
    name: "variancePreserving",
    end: 1,
    a,
    b,
    aPrime: (t) => (-beta(t) * a(t)) / 2,
    bPrime: (t) => (beta(t) * a(t) ** 2) / (2 * b(t)),
    logSnr: (t) => -Math.log(Math.expm1(integral(t))),
    // log(1 + e^-λ), without overflow.
    inverseLogSnr: (logSnr) =>
      inverse(Math.max(0, -logSnr) + Math.log1p(Math.exp(-Math.abs(logSnr)))),
  };
}

/**
 * The sub-variance-preserving path, a = exp(-½∫β), b = 1 - a² (Song et al. 2021, arXiv:2011.13456, eq. 29): less noise
 * than the variance-preserving path at every time, and the same at the ends.
 *
 * @throws unless 0 < betaMin < betaMax
 */
export function subVariancePreserving(options: BetaRange = {}): Path {
  const { integral, beta, inverse } = linearBeta("subVariancePreserving", options);
  const a = (t: number): number => Math.exp(-integral(t) / 2);
  const b = (t: number): number => -Math.expm1(-integral(t));
  return {
    name: "subVariancePreserving",
    end: 1,
    a,
    b,
    aPrime: (t) => (-beta(t) * a(t)) / 2,
    bPrime: (t) => beta(t) * a(t) ** 2,
    // a/b = 1 / (2 sinh(½∫β))
    logSnr: (t) => -2 * Math.log(2 * Math.sinh(integral(t) / 2)),
    inverseLogSnr: (logSnr) => inverse(2 * Math.asinh(Math.exp(-logSnr / 2) / 2)),
  };
}

/** β(t), its integral from 0, and the time at which the integral has a value. */
function linearBeta(
  name: string,
  { betaMin = 0.1, betaMax = 20 }: BetaRange,
): Record<"integral" | "beta" | "inverse", (value: number) => number> {
  checkRange(name, ["betaMin", betaMin], ["betaMax", betaMax]);
  const slope = betaMax - betaMin;
  return {
    beta: (t) => betaMin + slope * t,
    integral: (t) => t * (betaMin + (slope * t) / 2),
    inverse: (integral) =>
      integral === Infinity
        ? Infinity
        : (2 * integral) / (betaMin + Math.sqrt(betaMin ** 2 + 2 * slope * integral)),
  };
}
