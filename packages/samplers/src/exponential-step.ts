import { type Kind, moveOf, polynomialWeights } from "./exponential.ts";
import type { Evaluator, Term } from "./evaluator.ts";
import { between, type Point, pointAt } from "./point.ts";

/**
 * An exponential Runge–Kutta method as data. Stage i stands at the share c[i] of the step in log-SNR; it is reached by
 * the polynomial through the predictions at the stages a[i], and the step's end by the one through the stages b.
 */
export interface ExponentialTableau {
  readonly order: number;
  readonly c: readonly number[];
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
}

/** DDIM's step: the prediction is taken as constant. */
export const exponentialEuler: ExponentialTableau = { order: 1, c: [0], a: [[]], b: [0] };

/** DPM-Solver-2 (Lu et al. 2022, arXiv:2206.00927, algorithm 1, r₁ = 1/2): the prediction at the middle. */
export const exponentialMidpoint: ExponentialTableau = {
  order: 2,
  c: [0, 1 / 2],
  a: [[], [0]],
  b: [1],
};

/** DPM-Solver-3 (Lu et al. 2022, arXiv:2206.00927, algorithm 2, r₁ = 1/3, r₂ = 2/3). */
export const exponentialThirds: ExponentialTableau = {
  order: 3,
  c: [0, 1 / 3, 2 / 3],
  a: [[], [0], [0, 1]],
  b: [0, 2],
};

/**
 * One step of the method from one point to another, on the probability-flow ODE. Where a log-SNR is infinite, at data
 * or at pure noise, there is nothing to interpolate in, and it is DDIM's step in terms of the data.
 */
export function exponentialStep<X>(
  tableau: ExponentialTableau,
  kind: Kind,
  evaluator: Evaluator<X>,
  x: X,
  from: Point,
  to: Point,
): X {
  const finite = to.lambda - from.lambda < Infinity;
  if (!finite && (tableau.order > 1 || kind === "noise")) {
    return exponentialStep(exponentialEuler, "data", evaluator, x, from, to);
  }
  return exponentialStages(tableau, kind, evaluator, x, from, to)(tableau.b);
}

/**
 * The predictions at the stages of a step between finite log-SNRs: a function that gives the step's end by the
 * polynomial through some of them.
 */
export function exponentialStages<X>(
  tableau: ExponentialTableau,
  kind: Kind,
  evaluator: Evaluator<X>,
  x: X,
  from: Point,
  to: Point,
): (stages: readonly number[]) => X {
  const { path } = evaluator;
  const points = tableau.c.map((share) => between(path, from, to, share));
  const predictions: X[] = [];
  const moved = (stages: readonly number[], target: Point): X => {
    const nodes = stages.map((i) => points[i] as Point);
    const weights = polynomialWeights(path, kind, "logSnr", nodes, from, target);
    const terms = weights.map((w, i): Term<X> => [w, predictions[stages[i] as number] as X]);
    return evaluator.combine([[moveOf(kind, from, target, 0).keep, x], ...terms]);
  };
  points.forEach((point, i) => {
    const input = i === 0 ? x : moved(tableau.a[i] as readonly number[], point);
    predictions.push(evaluator.predict(input, point.t, kind));
  });
  return (stages) => moved(stages, to);
}

/** The points that a step goes between. */
export function endsOf<X>(step: {
  readonly evaluator: Evaluator<X>;
  readonly from: number;
  readonly to: number;
}): { from: Point; to: Point } {
  const { path } = step.evaluator;
  return { from: pointAt(path, step.from), to: pointAt(path, step.to) };
}
