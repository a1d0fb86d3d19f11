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
