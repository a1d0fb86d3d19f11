/** The middle of the values, or the mean of the two in the middle. NaN if there is none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = Math.floor(sorted.length / 2);
  const lower = Math.ceil(sorted.length / 2) - 1;
  return ((sorted[lower] ?? NaN) + (sorted[upper] ?? NaN)) / 2;
}

/** The geometric mean of positive values: the right mean of ratios. NaN if there is none. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** A ratio measured several times. */
export interface Ratio {
  median: number;
  lowest: number;
  highest: number;
}

/**
 * The ratio of two series that were measured in turns, pair by pair: what slows the machine down for a while slows
 * both of a pair. Rounds that one of them missed (undefined) do not count.
 */
export function pairedRatio(
  ours: readonly (number | undefined)[],
  peers: readonly (number | undefined)[],
): Ratio | undefined {
  const ratios = ours.flatMap((value, round) => {
    const peer = peers[round];
    return value === undefined || peer === undefined ? [] : [value / peer];
  });
  if (ratios.length === 0) return undefined;
  return { median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) };
}
