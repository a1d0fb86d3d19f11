import type { Path } from "./path.ts";

/** A log-SNR that falls with time, its derivative and, if it is known, its inverse. */
export interface LogSnrCurve {
  readonly name: string;
  readonly end: number;
  logSnr(t: number): number;
  logSnrPrime(t: number): number;
  /** Found by bisection if it is left out, as a learned schedule's must be. */
  inverseLogSnr?(logSnr: number): number;
}

/**
 * The variance-preserving path with this log-SNR: a² = sigmoid(λ), b² = sigmoid(-λ), so that a² + b² = 1 (Kingma et
 * al. 2021, arXiv:2107.00630, section 3.1). Any falling λ(t) makes one, a learned one too; data is clean at t = 0 if it
 * begins at +∞.
 */
export function pathOfLogSnr(curve: LogSnrCurve): Path {
  const { name, end } = curve;
  const a = (t: number): number => 1 / Math.sqrt(1 + Math.exp(-curve.logSnr(t)));
  const b = (t: number): number => 1 / Math.sqrt(1 + Math.exp(curve.logSnr(t)));
  return {
    name,
    end,
    a,
    b,
    aPrime: (t) => (a(t) * b(t) ** 2 * curve.logSnrPrime(t)) / 2,
    bPrime: (t) => (-b(t) * a(t) ** 2 * curve.logSnrPrime(t)) / 2,
    logSnr: (t) => curve.logSnr(t),
    inverseLogSnr: (logSnr) => curve.inverseLogSnr?.(logSnr) ?? bisected(curve, logSnr),
  };
}

/** The time in [0, end] with this log-SNR, or the end that is nearest to it. */
function bisected(curve: LogSnrCurve, logSnr: number): number {
  let [low, high] = [0, curve.end];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (curve.logSnr(middle) > logSnr) low = middle;
    else high = middle;
  }
  return logSnr >= curve.logSnr(0) ? 0 : high;
}
