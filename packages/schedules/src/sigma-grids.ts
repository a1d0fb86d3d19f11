import { betaQuantile } from "./beta-quantile.ts";
import { checkCount, checkPositive, checkRange } from "./check.ts";
import type { SigmaGrid } from "./karras-grid.ts";
import type { Path } from "./path.ts";

/**
 * Noise levels whose logarithms fall evenly from σ_max to σ_min, and then 0: `exponential` of k-diffusion, uniform in
 * log-SNR, and Lu's λ with ρ = 1 (Lu et al. 2022, arXiv:2206.00927, section 3.4).
 *
 * @param steps at least 2
 * @param options σ_min, default 0.002, and σ_max, default 80
 * @returns `steps + 1` falling numbers
 */
export function exponentialGrid(steps: number, options: SigmaGrid = {}): number[] {
  return grid("exponentialGrid", steps, options, (u, min, max) => min * (max / min) ** u);
}

/**
 * Noise levels whose logarithms fall as a power, log σ = log σ_min + u^ρ·log(σ_max/σ_min): `polyexponential` of
 * k-diffusion. ρ = 1 is `exponentialGrid`, more spends its steps near σ_min.
 *
 * @param steps at least 2
 * @param options σ_min, default 0.002, σ_max, default 80, and ρ, default 1
 * @returns `steps + 1` falling numbers
 */
export function polyexponentialGrid(
  steps: number,
  { rho = 1, ...options }: SigmaGrid & { rho?: number } = {},
): number[] {
  checkPositive("polyexponentialGrid", "rho", rho);
  return grid(
    "polyexponentialGrid",
    steps,
    options,
    (u, min, max) => min * (max / min) ** (u ** rho),
  );
}

/**
 * Noise levels at the quantiles of a Beta distribution between σ_min and σ_max: with its default, many near both ends
 * (Lee et al. 2024, arXiv:2407.12173; diffusers' `use_beta_sigmas`).
 *
 * @param steps at least 2
 * @param options σ_min, default 0.002, σ_max, default 80, and the distribution's α and β, 0.6 each
 * @returns `steps + 1` falling numbers
 */
export function betaGrid(
  steps: number,
  { alpha = 0.6, beta = 0.6, ...options }: SigmaGrid & { alpha?: number; beta?: number } = {},
): number[] {
  checkPositive("betaGrid", "alpha", alpha);
  checkPositive("betaGrid", "beta", beta);
  return grid(
    "betaGrid",
    steps,
    options,
    (u, min, max) => min + betaQuantile(u, alpha, beta) * (max - min),
  );
}

/**
 * Times of a path with evenly rising log-SNR from `start` to `last`, and then 0 (Lu et al. 2022, arXiv:2206.00927,
 * section 3.4).
 *
 * @param steps at least 2
 * @param options the times between which the log-SNR is even, both inside the path
 * @returns `steps + 1` falling numbers
 * @throws unless 0 < last < start <= end and the log-SNR at the start is finite
 */
export function logSnrGrid(
  path: Path,
  steps: number,
  { start = path.end, last }: { start?: number; last: number },
): number[] {
  checkCount("logSnrGrid", "steps", steps, 2);
  if (!(last > 0 && start > last && start <= path.end)) {
    throw new Error(
      `logSnrGrid: start and last must be times of the path ${path.name} with 0 < last < start <= ${path.end}, got ${start} and ${last}`,
    );
  }
  const [low, high] = [path.logSnr(start), path.logSnr(last)];
  if (low === -Infinity) {
    throw new Error(
      `logSnrGrid: the path ${path.name} is noise alone at start = ${start}, where the log-SNR has no bound; begin before it`,
    );
  }
  const inside = Array.from({ length: steps - 2 }, (_, i) =>
    path.inverseLogSnr(low + ((i + 1) / (steps - 1)) * (high - low)),
  );
  return [start, ...inside, last, 0];
}

/** Steps that share the ends and the last 0: the level at u = 1 … 0. */
function grid(
  name: string,
  steps: number,
  { sigmaMin = 0.002, sigmaMax = 80 }: SigmaGrid,
  level: (u: number, min: number, max: number) => number,
): number[] {
  checkCount(name, "steps", steps, 2);
  checkRange(name, ["sigmaMin", sigmaMin], ["sigmaMax", sigmaMax]);
  const inside = Array.from({ length: steps - 2 }, (_, i) =>
    level(1 - (i + 1) / (steps - 1), sigmaMin, sigmaMax),
  );
  const levels = [sigmaMax, ...inside, sigmaMin];
  if (levels.some((sigma, i) => i > 0 && !(sigma < (levels[i - 1] as number)))) {
    throw new Error(
      `${name}: ${steps} steps between ${sigmaMax} and ${sigmaMin} lie closer than numbers can tell apart; take fewer`,
    );
  }
  return [...levels, 0];
}
