import type { Path } from "@gen/schedules";

/** A level of noise: x = a·data + b·noise. */
export interface Point {
  readonly t: number;
  readonly a: number;
  readonly b: number;
  /** log(a/b), half of the log-SNR: +∞ at data, -∞ where nothing is left of it. */
  readonly lambda: number;
}

export function pointAt(path: Path, t: number): Point {
  const [a, b] = [path.a(t), path.b(t)];
  // A table may keep its log-SNR better than a and b do.
  const lambda = b === 0 ? Infinity : a === 0 ? -Infinity : path.logSnr(t) / 2;
  return { t, a, b, lambda };
}

/** The point of the path between two others, at a share of their distance in log-SNR. */
export function between(path: Path, from: Point, to: Point, share: number): Point {
  if (share === 0) return from;
  if (share === 1) return to;
  const lambda = from.lambda + share * (to.lambda - from.lambda);
  return { ...pointAt(path, path.inverseLogSnr(2 * lambda)), lambda };
}

/**
 * exp(-h), h being the distance in λ from one point to a less noisy one: finite where λ is not. It is the share of the
 * noise in x that stays, over that of the data.
 */
export function decay(from: Point, to: Point): number {
  return (from.a * to.b) / (to.a * from.b);
}

/** 1 - exp(-rate·h), without cancelling where h is small. */
export function decayed(from: Point, to: Point, rate: number): number {
  const h = to.lambda - from.lambda;
  return h < Infinity ? -Math.expm1(-rate * h) : 1;
}
