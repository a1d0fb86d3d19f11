import type { GaussianDensity } from "./gaussian-density.ts";
import { multiply, symmetricEigen, symmetrised, transpose, type Matrix } from "./linear-algebra.ts";

/**
 * W2 of two Gaussians, √(‖μ₁ - μ₂‖² + tr(Σ₁ + Σ₂ - 2·(Σ₁^½·Σ₂·Σ₁^½)^½)): the Bures distance of their covariances
 * (Dowson and Landau 1982). Its square is what the Fréchet inception distance computes.
 */
export function wassersteinOfGaussians(p: GaussianDensity, q: GaussianDensity): number {
  if (p.dimensions !== q.dimensions) {
    throw new Error(
      `wassersteinOfGaussians: p and q must have one number of dimensions, got ${p.dimensions} and ${q.dimensions}`,
    );
  }
  const root = squareRoot(p.covariance);
  const middle = symmetrised(multiply(multiply(root, q.covariance), root));
  const cross = symmetricEigen(middle).values.reduce(
    (sum, value) => sum + Math.sqrt(Math.max(value, 0)),
    0,
  );
  let sum = -2 * cross;
  p.mean.forEach((mean, i) => {
    sum += (mean - q.mean[i]!) ** 2 + p.covariance[i]![i]! + q.covariance[i]![i]!;
  });
  return Math.sqrt(Math.max(sum, 0));
}

function squareRoot(matrix: Matrix): number[][] {
  const { values, vectors } = symmetricEigen(matrix);
  const scaled = vectors.map((row, i) =>
    row.map((value) => Math.sqrt(Math.max(values[i]!, 0)) * value),
  );
  return multiply(transpose(vectors), scaled);
}
