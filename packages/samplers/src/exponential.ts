import type { Path, Prediction } from "@gen/schedules";
import { decayed, type Point } from "./point.ts";
import { integrate, lagrange } from "./quadrature.ts";

/**
 * How an exponential integrator moves x from one point to another: x ← keep·x + Σ weight·prediction + noise·n. The part
 * that is linear in x is solved exactly; the prediction is a polynomial through what the model said before.
 */
export interface Move {
  readonly keep: number;
  /** What a constant prediction is multiplied with: the sum of the weights. */
  readonly weight: number;
  readonly noise: number;
}

/** Which prediction is the polynomial. */
export type Kind = Extract<Prediction, "data" | "noise">;

/**
 * The move of the probability-flow ODE (η = 0), or of the reverse SDE with η times the noise of Bayes' rule added and
 * taken away again, in terms of the `data` (Lu et al. 2022, arXiv:2211.01095, eq. 9 and 17) or of the `noise`
 * (arXiv:2206.00927, eq. 3.7).
 */
export function moveOf(kind: Kind, from: Point, to: Point, eta: number): Move {
  if (kind === "data") {
    const stays = eta === 0 ? 1 : 1 - decayed(from, to, eta);
    const keep = (to.b / from.b) * stays;
    const noise = eta === 0 ? 0 : to.b * Math.sqrt(decayed(from, to, 2 * eta));
    return { keep, weight: to.a * decayed(from, to, 1 + eta), noise };
  }
  const [high, low] = [from.b / from.a, to.b / to.a];
  return {
    keep: to.a / from.a,
    weight: (1 + eta) * to.a * (low - high),
    noise: to.a * Math.sqrt(eta * (high * high - low * low)),
  };
}

/** What the polynomial is one in: log-SNR (DPM-Solver, UniPC), time (DEIS's tAB) or σ = b/a (LMS, DEIS's ρAB). */
export type Variable = "logSnr" | "time" | "sigma";

/**
 * The weights of predictions at some points in a move: the integral of the polynomial through them. They add up to the
 * move's weight. In log-SNR, points where it is infinite are left out with those after them, and a move to data has only the
 * first.
 */
export function polynomialWeights(
  path: Path,
  kind: Kind,
  variable: Variable,
  points: readonly Point[],
  from: Point,
  to: Point,
  eta = 0,
): number[] {
  const { weight } = moveOf(kind, from, to, eta);
  const nodes = variable === "logSnr" ? usable(points, from, to) : points;
  if (nodes.length === 1) return [weight];
  const others = nodes
    .slice(1)
    .map((_, i) => share(path, kind, variable, nodes, i + 1, from, to, eta));
  return [weight - others.reduce((sum, w) => sum + w, 0), ...others];
}

/** The points that a polynomial in log-SNR can go through, at least one. */
export function usable(points: readonly Point[], from: Point, to: Point): readonly Point[] {
  if (to.lambda - from.lambda === Infinity) return points.slice(0, 1);
  const infinite = points.findIndex(({ lambda }) => !Number.isFinite(lambda));
  return infinite < 0 ? points : points.slice(0, Math.max(1, infinite));
}

function share(
  path: Path,
  kind: Kind,
  variable: Variable,
  nodes: readonly Point[],
  j: number,
  from: Point,
  to: Point,
  eta: number,
): number {
  if (variable === "logSnr") {
    const places = nodes.map(({ lambda }) => lambda - from.lambda);
    const h = to.lambda - from.lambda;
    const rate = 1 + eta;
    return kind === "data"
      ? rate * to.a * integrate((u) => Math.exp(-rate * (h - u)) * lagrange(places, j, u), 0, h)
      : -rate * to.b * integrate((u) => Math.exp(h - u) * lagrange(places, j, u), 0, h);
  }
  const sigma = (p: Point): number => p.b / p.a;
  const inTime = variable === "time";
  const places = nodes.map((p) => (inTime ? p.t : sigma(p)));
  const at = (s: number): number => (inTime ? path.inverseLogSnr(-2 * Math.log(s)) : s);
  const density = (s: number): number => (kind === "data" ? -to.b / (s * s) : to.a) * (1 + eta);
  return integrate((s) => density(s) * lagrange(places, j, at(s)), sigma(from), sigma(to));
}
