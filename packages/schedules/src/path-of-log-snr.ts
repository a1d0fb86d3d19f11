import type { Path } from "./path.ts";

/** A log-SNR that falls with time, its derivative, and its inverse. */
export interface LogSnrCurve {
  readonly name: string;
  readonly end: number;
  logSnr(t: number): number;
  logSnrPrime(t: number): number;
  inverseLogSnr(logSnr: number): number;
}

/**
 * The variance-preserving path with this log-SNR: a² = sigmoid(λ), b² = sigmoid(-λ), so that a² + b² = 1 (Kingma et
 * al. 2021, arXiv:2107.00630, section 3.1). Any falling λ(t) from +∞ makes one, a learned one too.
 */
export function pathOfLogSnr({ name, end, ...curve }: LogSnrCurve): Path {
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
    inverseLogSnr: (logSnr) => curve.inverseLogSnr(logSnr),
  };
}
