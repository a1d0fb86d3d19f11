import { checkRange } from "./check.ts";
import type { Path } from "./path.ts";

/** The range of the noise levels σ of a path. */
export interface SigmaRange {
  sigmaMin?: number;
  sigmaMax?: number;
}

/**
 * The continuous variance-exploding path with geometric noise levels σ(t) = σ_min·(σ_max/σ_min)^t (Song et al. 2021,
 * arXiv:2011.13456, eq. 30): a = 1, b = √(σ(t)² - σ_min²), exactly what its SDE adds to data from t = 0 on. The
 * paper's code takes b = σ(t), which is not 0 at data; the two part only where σ is near σ_min. The noise covers the
 * data at t = 1, and b is a standard deviation: the lecture notes write √σ(t).
 *
 * @param options σ_min, default 0.01, and σ_max, default 50
 * @throws unless 0 < σ_min < σ_max
 */
export function varianceExploding({ sigmaMin = 0.01, sigmaMax = 50 }: SigmaRange = {}): Path {
  checkRange("varianceExploding", ["sigmaMin", sigmaMin], ["sigmaMax", sigmaMax]);
  const rate = Math.log(sigmaMax / sigmaMin);
  const b = (t: number): number => sigmaMin * Math.sqrt(Math.expm1(2 * rate * t));
  return {
    name: "varianceExploding",
    end: 1,
    a: () => 1,
    b,
    aPrime: () => 0,
    bPrime: (t) => (rate * sigmaMin ** 2 * Math.exp(2 * rate * t)) / b(t),
    logSnr: (t) => -2 * Math.log(b(t)),
    inverseLogSnr: (logSnr) => Math.log1p(Math.exp(-logSnr) / sigmaMin ** 2) / (2 * rate),
  };
}
