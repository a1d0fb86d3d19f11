import { checkCount, checkPositive, checkRange } from "./check.ts";

/** Noise levels between two ends. */
export interface SigmaGrid {
  /** The lowest level above 0. Default 0.002. */
  sigmaMin?: number;
  /** The level to begin at. Default 80. */
  sigmaMax?: number;
}

/**
 * The noise levels of Karras et al. 2022 (arXiv:2206.00364, eq. 5): `steps` numbers from σ_max to σ_min, evenly spaced
 * in σ^(1/ρ), and then 0. They are the times of EDM's path; `timesOfSigmas` gives those of any other.
 *
 * @param steps at least 2, so that the grid holds both ends
 * @param options σ_min, σ_max, and ρ: 7 is the paper's, 1 spaces evenly, ∞ is `exponentialGrid`
 * @returns `steps + 1` falling numbers
 * @throws unless 0 < σ_min < σ_max and ρ is positive
 */
export function karrasGrid(
  steps: number,
  { sigmaMin = 0.002, sigmaMax = 80, rho = 7 }: SigmaGrid & { rho?: number } = {},
): number[] {
  checkCount("karrasGrid", "steps", steps, 2);
  checkRange("karrasGrid", ["sigmaMin", sigmaMin], ["sigmaMax", sigmaMax]);
  checkPositive("karrasGrid", "rho", rho);
  const [high, low] = [sigmaMax ** (1 / rho), sigmaMin ** (1 / rho)];
  const inside = Array.from(
    { length: steps - 2 },
    (_, i) => (high + ((i + 1) / (steps - 1)) * (low - high)) ** rho,
  );
  return [sigmaMax, ...inside, sigmaMin, 0];
}
