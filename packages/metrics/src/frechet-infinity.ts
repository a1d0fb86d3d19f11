import { foldIn, type Key, permutation } from "@gen/random";
import { featureStatistics, type FeatureStatistics } from "./feature-statistics.ts";
import { commonExtractor, type Features, gatherRows, rowsOf } from "./features.ts";
import { frechetDistance } from "./frechet-distance.ts";
import { mean } from "./interval.ts";
import type { Report } from "./report.ts";

export interface FrechetInfinityReport extends Report {
  /** Where the line meets 1/n = 0. */
  readonly distance: number;
  /** Its rise by 1/n. */
  readonly slope: number;
  /** The sizes of the subsets, and the distance of each. */
  readonly sizes: readonly number[];
  readonly distances: readonly number[];
}

export interface FrechetInfinityOptions {
  /** Chooses the subsets. */
  readonly key: Key;
  readonly points?: number;
  /** The smallest subset; a tenth of the samples, or twice the dims if that is more. */
  readonly smallest?: number;
}

/**
 * FID∞ (Chong and Forsyth 2020, arXiv:1911.07023): the bias of a Fréchet distance falls as 1/n, so a line through the
 * distances of random subsets of 15 sizes, from a tenth of the samples to all, gives that of infinitely many generated
 * samples. What bias comes from the number of real samples stays.
 *
 * @throws if there are fewer than twice `smallest` samples, `smallest` does not exceed the dims (the line bends there),
 *   and as `frechetDistance`
 */
export function frechetDistanceInfinity(
  generated: Features,
  real: FeatureStatistics,
  { key, points = 15, smallest }: FrechetInfinityOptions,
): FrechetInfinityReport {
  const caller = "frechetDistanceInfinity";
  const extractor = commonExtractor(caller, generated, real);
  const rows = rowsOf(caller, "generated features", generated, 2);
  const { count, dims } = rows;
  const least = smallest ?? Math.max(Math.floor(count / 10), 2 * dims);
  if (!Number.isInteger(points) || points < 2) {
    throw new Error(`${caller}: points must be an integer of at least 2, got ${points}`);
  }
  if (!Number.isInteger(least) || least <= dims) {
    throw new Error(`${caller}: smallest must be an integer above the ${dims} dims, got ${least}`);
  }
  if (count < 2 * least) {
    throw new Error(
      `${caller}: subsets from ${least} samples on need at least ${2 * least} generated ones, got ${count}; ` +
        "add samples",
    );
  }
  const sizes = Array.from({ length: points }, (_, p) =>
    Math.round(least + (p * (count - least)) / (points - 1)),
  );
  const distances = sizes.map((size, p) => {
    const chosen = permutation(foldIn(key, p), count).subarray(0, size);
    return frechetDistance(featureStatistics(gatherRows(rows, chosen)), real).distance;
  });
  const { intercept, slope } = line(
    sizes.map((size) => 1 / size),
    distances,
  );
  return {
    distance: intercept,
    slope,
    sizes,
    distances,
    protocol: `FID∞: ${points} subsets from ${least} to ${count} samples, least squares in 1/n (arXiv:1911.07023)`,
    extractor,
    counts: [count, real.count],
    dims,
  };
}

/** The line of least squares. */
export function line(
  x: readonly number[],
  y: readonly number[],
): { intercept: number; slope: number } {
  const [centreX, centreY] = [mean(x), mean(y)];
  let products = 0;
  let squares = 0;
  for (let i = 0; i < x.length; i++) {
    products += (x[i]! - centreX) * (y[i]! - centreY);
    squares += (x[i]! - centreX) ** 2;
  }
  const slope = products / squares;
  return { intercept: centreY - slope * centreX, slope };
}
