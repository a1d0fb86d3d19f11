import type { ExactDensity } from "./density.ts";

/**
 * A distribution laid out on a list of points, so that an expectation is a sum: E f = Σ weightᵢ·exp(logDensityᵢ)·fᵢ.
 * Finite distributions and densities on a line are both of this kind, and share the functions of `divergences.ts`.
 */
export interface Measure {
  readonly logDensity: Float64Array;
  /** 1 for a finite distribution, the quadrature's weights for a density. */
  readonly weights: Float64Array;
}

/**
 * A finite distribution from its probabilities.
 *
 * @throws if they are not ≥ 0 with a sum of 1 to within 1e-6
 */
export function tableMeasure(probabilities: ArrayLike<number>): Measure {
  const values = Float64Array.from(probabilities);
  const total = values.reduce((sum, value) => sum + value, 0);
  if (!values.every((value) => value >= 0) || !(Math.abs(total - 1) <= 1e-6)) {
    throw new Error(
      `tableMeasure: probabilities must be ≥ 0 with a sum of 1, got a sum of ${total} of ${values.length} numbers; divide by the sum`,
    );
  }
  return { logDensity: values.map(Math.log), weights: values.map(() => 1) };
}

/**
 * A density on a line, at equally spaced points (the trapezoidal rule, which for smooth densities that vanish at both
 * ends converges faster than any power of the spacing).
 *
 * @param density of one dimension
 * @param interval low and high ends; all but 1e-6 of the mass must lie between them
 * @param intervals into how many pieces it is cut
 */
export function lineMeasure(
  density: ExactDensity,
  [low, high]: readonly [number, number],
  intervals = 4000,
): Measure {
  if (density.dimensions !== 1) {
    throw new Error(
      `lineMeasure: density must have 1 dimension, got ${density.dimensions}; quadrature is for lines`,
    );
  }
  if (!(low < high) || !Number.isFinite(high - low) || !(intervals >= 1)) {
    throw new Error(
      `lineMeasure: the interval must have low < high and at least 1 piece, got [${low}, ${high}] in ${intervals}`,
    );
  }
  const spacing = (high - low) / intervals;
  const nodes = Float64Array.from({ length: intervals + 1 }, (_, i) => low + i * spacing);
  const logDensity = density.logDensity(nodes);
  const weights = nodes.map((_, i) => (i === 0 || i === intervals ? spacing / 2 : spacing));
  const mass = logDensity.reduce((sum, log, i) => sum + weights[i]! * Math.exp(log), 0);
  if (!(Math.abs(mass - 1) <= 1e-6)) {
    throw new Error(
      `lineMeasure: the density has mass ${mass} on [${low}, ${high}] in ${intervals} pieces, expected 1; widen the interval or take more pieces`,
    );
  }
  return { logDensity, weights };
}
