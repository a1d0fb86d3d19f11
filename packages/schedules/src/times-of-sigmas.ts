import type { Path } from "./path.ts";

/**
 * The times at which a path has these noise levels σ = b/a: any grid of noise levels on any path.
 *
 * @param sigmas falling, at least 2, not below 0
 * @throws if they do not fall, or the first is above the last noise level of the path
 */
export function timesOfSigmas(path: Path, sigmas: readonly number[]): number[] {
  if (sigmas.length < 2) {
    throw new Error(`timesOfSigmas: sigmas must hold at least 2 numbers, got ${sigmas.length}`);
  }
  const highest = path.b(path.end) / path.a(path.end);
  return sigmas.map((sigma, i) => {
    const previous = sigmas[i - 1] ?? Infinity;
    if (!(sigma >= 0 && (sigma < previous || (i === 0 && sigma === Infinity)))) {
      throw new Error(
        `timesOfSigmas: sigmas must fall and not go below 0, got ${sigma} after ${previous} at place ${i}`,
      );
    }
    if (sigma === 0) return 0;
    if (sigma > highest * (1 + 1e-9)) {
      throw new Error(
        `timesOfSigmas: the path ${path.name} ends at sigma = ${highest}, got ${sigma}; begin lower`,
      );
    }
    return sigma >= highest ? path.end : path.inverseLogSnr(-2 * Math.log(sigma));
  });
}
