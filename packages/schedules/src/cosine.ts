import type { Path } from "./path.ts";

/**
 * The cosine path with an offset, a = cos((t + s)/(1 + s)·π/2) / cos(s/(1 + s)·π/2), b = √(1 - a²) (Nichol and Dhariwal
 * 2021, arXiv:2102.09672, eq. 17, whose ᾱ is a²). `betasOfPath` makes the paper's table of it. Without the offset it
 * is `trigonometric`.
 *
 * @param options the offset s, above 0, which keeps the first steps from being too small. Default 0.008.
 * @throws if `offset` is not a positive number
 */
export function cosine({ offset = 0.008 }: { offset?: number } = {}): Path {
  if (!(offset > 0 && offset < Infinity)) {
    throw new Error(
      `cosine: offset must be a positive number, got ${offset}; without an offset the path is trigonometric`,
    );
  }
  const rate = Math.PI / 2 / (1 + offset);
  const first = offset * rate;
  const cosFirst = Math.cos(first);
  const sinFirst = Math.sin(first);
  const angle = (t: number): number => first + rate * t;
  // cos of the last angle is π/2 rounded, not 0.
  const a = (t: number): number => (t === 1 ? 0 : Math.cos(angle(t)) / cosFirst);
  // cos²(first) - cos²(angle) = sin(angle - first)·sin(angle + first), which does not cancel.
  const b = (t: number): number =>
    t === 1 ? 1 : Math.sqrt(Math.sin(rate * t) * Math.sin(angle(t) + first)) / cosFirst;
  const aPrime = (t: number): number => (-rate * Math.sin(angle(t))) / cosFirst;
  return {
    name: "cosine",
    end: 1,
    a,
    b,
    aPrime,
    bPrime: (t) => (-a(t) * aPrime(t)) / b(t),
    logSnr: (t) => 2 * Math.log(a(t) / b(t)),
    inverseLogSnr: (logSnr) => {
      const noise = 1 / (1 + Math.exp(logSnr)); // b²
      const cos = cosFirst / Math.sqrt(1 + Math.exp(-logSnr));
      const sin = Math.sqrt(sinFirst ** 2 + cosFirst ** 2 * noise);
      const sinOfSum = sin * cosFirst + cos * sinFirst;
      const sinOfDifference = (cosFirst ** 2 * noise) / sinOfSum;
      return Math.min(1, Math.atan2(sinOfDifference, cos * cosFirst + sin * sinFirst) / rate);
    },
  };
}
