import { checkPositive } from "./check.ts";

/** D(x, σ) = skip·x + output·F(input·x, noise), with x = data + σ·z. */
export interface Preconditioning {
  readonly skip: number;
  readonly output: number;
  readonly input: number;
  /** What the network is told of σ. */
  readonly noise: number;
}

/**
 * EDM's preconditioning: input and target of the network have unit variance at every σ (Karras et al. 2022,
 * arXiv:2206.00364, table 1). c_noise = ¼ ln σ, -∞ at σ = 0.
 *
 * @param sigma the noise level, not below 0; 0 gives the data back
 * @param options σ_data, default 0.5
 * @throws if `sigma` is below 0 or `sigmaData` not positive
 */
export function edmPreconditioning(
  sigma: number,
  { sigmaData = 0.5 }: { sigmaData?: number } = {},
): Preconditioning {
  return boundary("edmPreconditioning", sigma, sigmaData, 0);
}

/**
 * The same for consistency models, which must give back x itself at σ_min (Song et al. 2023, arXiv:2303.01469, appendix
 * C): skip = σ_data²/((σ - σ_min)² + σ_data²), output = σ_data·(σ - σ_min)/√(σ² + σ_data²).
 *
 * @param sigma the noise level, not below σ_min
 * @param options σ_data, default 0.5, and σ_min, default 0.002
 * @throws if `sigma` is below σ_min or `sigmaData` not positive
 */
export function consistencyPreconditioning(
  sigma: number,
  { sigmaData = 0.5, sigmaMin = 0.002 }: { sigmaData?: number; sigmaMin?: number } = {},
): Preconditioning {
  checkPositive("consistencyPreconditioning", "sigmaMin", sigmaMin);
  return boundary("consistencyPreconditioning", sigma, sigmaData, sigmaMin);
}

function boundary(name: string, sigma: number, sigmaData: number, least: number): Preconditioning {
  checkPositive(name, "sigmaData", sigmaData);
  if (!(sigma >= least && sigma < Infinity)) {
    throw new Error(`${name}: sigma must be a finite number not below ${least}, got ${sigma}`);
  }
  const size = Math.hypot(sigma, sigmaData);
  const above = sigma - least;
  return {
    skip: sigmaData ** 2 / (above ** 2 + sigmaData ** 2),
    output: (sigmaData * above) / size,
    input: 1 / size,
    noise: Math.log(sigma) / 4,
  };
}
