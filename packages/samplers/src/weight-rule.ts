import type { Path } from "@gen/schedules";
import { type Kind, moveOf, polynomialWeights, usable, type Variable } from "./exponential.ts";
import type { Point } from "./point.ts";

/** A step whose predictions are to be weighted. */
export interface Weighted {
  readonly path: Path;
  readonly kind: Kind;
  readonly from: Point;
  readonly to: Point;
  /** Where the predictions were made. */
  readonly nodes: readonly Point[];
  /** The noise of the reverse SDE. */
  readonly eta: number;
}

/** The weights of the predictions at the nodes, or of the first of them. */
export type WeightRule = (step: Weighted) => readonly number[];

/** The integral of the polynomial through the predictions, in this variable. */
export function polynomial(variable: Variable): WeightRule {
  return ({ path, kind, from, to, nodes, eta }) =>
    polynomialWeights(path, kind, variable, nodes, from, to, eta);
}

/**
 * DPM-Solver's shorter rule for two predictions: their line at the middle of the step in log-SNR, times the weight of a
 * constant. Another number of predictions has its polynomial.
 */
export const midpointRule: WeightRule = (step) => {
  const { kind, from, to, eta } = step;
  const [newest, older, third] = usable(step.nodes, from, to);
  if (!newest || !older || third) return polynomial("logSnr")(step);
  const { weight } = moveOf(kind, from, to, eta);
  const slope = (to.lambda - from.lambda) / (2 * (newest.lambda - older.lambda));
  return [weight * (1 + slope), -weight * slope];
};

/**
 * DPM-Solver++'s released third order, of k-diffusion (3M SDE) and diffusers (`solver_order=3`) too: the parabola
 * through three predictions with half of its curvature, and `midpointRule` for fewer. For their numbers: it converges
 * with order 2, the whole parabola, `polynomial("logSnr")`, with 3.
 */
export const halfCurvature: WeightRule = (step) => {
  const nodes = usable(step.nodes, step.from, step.to).slice(0, 3);
  const [newest, older, oldest] = nodes;
  if (!newest || !older || !oldest) return midpointRule(step);
  const whole = polynomial("logSnr")({ ...step, nodes });
  const line = polynomial("logSnr")({ ...step, nodes: nodes.slice(0, 2) });
  const [near, far] = [newest.lambda - older.lambda, older.lambda - oldest.lambda];
  // The tangent of the parabola at the newest prediction: how its slope is made of the three.
  const lever = -near * (line[1] as number);
  const bend = near / (near + far);
  const slopes = [(1 + bend) / near, -(1 + bend) / near - bend / far, bend / far];
  const { weight } = moveOf(step.kind, step.from, step.to, step.eta);
  return whole.map((w, i) => (w + (i === 0 ? weight : 0) + lever * (slopes[i] as number)) / 2);
};

/** The coefficients of Adams and Bashforth for even steps. */
const ADAMS_BASHFORTH = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
] as const;

/** Up to four predictions, weighted as if the steps were even. */
export const evenSteps: WeightRule = ({ kind, from, to, nodes, eta }) => {
  const { weight } = moveOf(kind, from, to, eta);
  return (ADAMS_BASHFORTH[Math.min(nodes.length, 4) - 1] as readonly number[]).map(
    (c) => c * weight,
  );
};
