import { gaussianDensity, type GaussianDensity } from "./gaussian-density.ts";
import { multiply, symmetricEigen, transpose } from "./linear-algebra.ts";

/** x = W·z + mean + noise with z ~ N(0, I) of `latents` numbers and noise ~ N(0, noiseVariance·I). */
export interface Ppca {
  /** W, [dimensions][latents], up to a rotation of z. */
  readonly loadings: readonly (readonly number[])[];
  /** σ², the mean of the eigenvalues that were dropped. */
  readonly noiseVariance: number;
  /** The law of x, N(mean, W·Wᵀ + σ²·I). */
  readonly density: GaussianDensity;
}

/**
 * Probabilistic principal component analysis in closed form: W = U·(Λ - σ²)^½ of the largest eigenvalues (Tipping and
 * Bishop 1999, eqs. 7 and 8). It is the optimum of a VAE whose encoder and decoder are linear. The average negative
 * log-likelihood of the data is `crossEntropyOfGaussians(data, ppca(data, q).density)`.
 *
 * @param data the Gaussian fitted to the data, `fitGaussian(points, dimensions)`
 * @param latents how many, fewer than there are dimensions
 */
export function ppca(data: GaussianDensity, latents: number): Ppca {
  const n = data.dimensions;
  if (!Number.isInteger(latents) || latents < 1 || latents >= n) {
    throw new Error(
      `ppca: latents must be a whole number from 1 to ${n - 1}, fewer than the dimensions, got ${latents}`,
    );
  }
  const { values, vectors } = symmetricEigen(data.covariance);
  const dropped = values.slice(latents);
  const noiseVariance = dropped.reduce((sum, value) => sum + value, 0) / dropped.length;
  const loadings = transpose(
    vectors
      .slice(0, latents)
      .map((row, i) => row.map((value) => Math.sqrt(values[i]! - noiseVariance) * value)),
  );
  const covariance = multiply(loadings, transpose(loadings)).map((row, i) =>
    row.map((value, j) => (i === j ? value + noiseVariance : value)),
  );
  return { loadings, noiseVariance, density: gaussianDensity(data.mean, covariance) };
}
