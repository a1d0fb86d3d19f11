import type { Path, Prediction } from "@gen/schedules";
import type { Key } from "@gen/tensor";

/**
 * All that a solver needs of a model and of the things X that it moves: predictions at a time, linear combinations and
 * noise. Solvers are written once for any X: tensors, or plain float64 numbers (which is how their orders are
 * measured).
 */
export interface Evaluator<X> {
  readonly path: Path;
  /** The model's prediction for x at time t, converted to the kind that is wanted. */
  predict(x: X, t: number, wanted: Prediction): X;
  /** The same, with what the model says of the variance: v, by default in [-1, 1], of `ddpm` with a learned one. */
  predictWithVariance(
    x: X,
    t: number,
    wanted: Prediction,
  ): { readonly prediction: X; readonly variance: X };
  /** The sum of coefficient · value over all terms, at least one. */
  combine(terms: readonly Term<X>[]): X;
  /** Standard normal noise like x, times exp(logStd) element by element if that is given. */
  normal(like: X, key: Key, logStd?: X): X;
  /** One number: the root of the mean of (error / (absolute + relative·max(|x|, |y|)))². */
  errorNorm(error: X, x: X, y: X, absolute: number, relative: number): X;
}

/** A coefficient and what it multiplies. */
export type Term<X> = readonly [coefficient: number, value: X];

/** The terms by their coefficients, in the order of the first of each: h·d₁ + h·d₂ is one product, h·(d₁ + d₂). */
export function byCoefficient<X>(
  terms: readonly Term<X>[],
): (readonly [coefficient: number, values: readonly X[]])[] {
  const groups = new Map<number, X[]>();
  for (const [c, value] of terms) groups.set(c, [...(groups.get(c) ?? []), value]);
  return [...groups];
}
