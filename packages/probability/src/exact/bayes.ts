import { diagonal, type Matrix } from "./linear-algebra.ts";
import type { GaussianDensity, LinearDensity } from "./gaussian-density.ts";

/** A likelihood p(y | x) = N(y; A·x + c, R). */
export interface LinearGaussianLikelihood {
  /** A, [observed][dimensions of x]. */
  readonly matrix: Matrix;
  /** c, zero if not given. */
  readonly offset?: readonly number[];
  /** R, [observed][observed], positive definite. */
  readonly noise: Matrix;
}

/**
 * Bayes' rule for a linear observation with normal noise: p(x | y) out of p(y | x) and p(x), exactly, for a prior that
 * is a Gaussian or a mixture (Bishop 2006, eq. 2.116). It conditions the joint law of x and y.
 */
export function gaussianPosterior<Prior extends LinearDensity<Prior>>(
  prior: Prior,
  likelihood: LinearGaussianLikelihood,
  observation: readonly number[],
): Prior {
  const { matrix, noise } = likelihood;
  const n = prior.dimensions;
  const observed = matrix.length;
  const { offset = matrix.map(() => 0) } = likelihood;
  if (observation.length !== observed) {
    throw new Error(
      `gaussianPosterior: observation must have ${observed} numbers, a row of matrix each, got ${observation.length}`,
    );
  }
  const zeros = Array.from({ length: n }, () => 0);
  const joint = prior.affine(
    [...diagonal(zeros.map(() => 1)), ...matrix],
    [...zeros, ...offset],
    [
      ...zeros.map(() => [...zeros, ...matrix.map(() => 0)]),
      ...noise.map((row) => [...zeros, ...row]),
    ],
  );
  return joint.conditional(
    matrix.map((_, i) => n + i),
    observation,
  );
}

/** The law of x + y for independent normal x and y: means add, and covariances (variances, not their roots). */
export function sumOfGaussians(x: GaussianDensity, y: GaussianDensity): GaussianDensity {
  return x.affine(diagonal(x.mean.map(() => 1)), y.mean, y.covariance);
}
