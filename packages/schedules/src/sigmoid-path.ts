import { checkPositive } from "./check.ts";
import type { Path } from "./path.ts";
import { pathOfLogSnr } from "./path-of-log-snr.ts";

/**
 * The sigmoid path of Jabri et al. 2022 (arXiv:2212.11972, appendix B, algorithm 1): ᾱ(t) falls as a sigmoid from
 * `start` to `end`, stretched to reach 1 and 0. Not `sigmoidBetas`, which is a sigmoid of β.
 *
 * @param options start -3, end 3 and temperature τ = 1; larger τ is steeper at the ends
 * @throws unless start < end and τ > 0
 */
export function sigmoidPath({
  start = -3,
  end = 3,
  tau = 1,
}: { start?: number; end?: number; tau?: number } = {}): Path {
  checkPositive("sigmoidPath", "tau", tau);
  if (!(end > start && Number.isFinite(end - start))) {
    throw new Error(`sigmoidPath: end must be above start = ${start}, got ${end}`);
  }
  const first = sigmoid(start / tau);
  const last = sigmoid(end / tau);
  const range = last - first;
  const rate = (end - start) / tau;
  // Both shares without cancelling: sigmoid(u) - sigmoid(v) = sigmoid(u)·sigmoid(-v)·(1 - e^(v - u)).
  const difference = (u: number, v: number): number =>
    sigmoid(u) * sigmoid(-v) * (0 - Math.expm1(v - u));
  const signal = (t: number): number => difference(end / tau, start / tau + rate * t) / range;
  const noise = (t: number): number => difference(start / tau + rate * t, start / tau) / range;
  const slope = (t: number): number => {
    const s = sigmoid(start / tau + rate * t);
    return (-s * (1 - s) * rate) / range; // dᾱ/dt
  };
  return pathOfLogSnr({
    name: "sigmoidPath",
    end: 1,
    logSnr: (t) => (t === 1 ? -Infinity : Math.log(signal(t) / noise(t))),
    logSnrPrime: (t) => slope(t) / (signal(t) * noise(t)),
    inverseLogSnr: (logSnr) => {
      const v = first + range * sigmoid(-logSnr);
      return Math.min(1, Math.max(0, (Math.log(v / (1 - v)) - start / tau) / rate));
    },
  });
}

function sigmoid(u: number): number {
  return 1 / (1 + Math.exp(-u));
}
