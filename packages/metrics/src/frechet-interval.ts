import { featureStatistics, type FeatureStatistics } from "./feature-statistics.ts";
import { type Features, gatherRows, rowsOf } from "./features.ts";
import { frechetDistance } from "./frechet-distance.ts";
import { type BootstrapOptions, bootstrapInterval, type Interval } from "./interval.ts";

/**
 * The bootstrap interval of a Fréchet distance by the choice of the generated samples, the real statistics held. It
 * holds the expected distance of that many samples; how far that is from the distance of the distributions is the bias,
 * which `frechetDistanceInfinity` takes away.
 *
 * @throws as `frechetDistance` and `bootstrapInterval`
 */
export function frechetInterval(
  generated: Features,
  real: FeatureStatistics,
  { key, resamples = 100, level = 0.95 }: BootstrapOptions,
): Interval {
  const rows = rowsOf("frechetInterval", "generated features", generated, 2);
  const score = (indices: Int32Array): number =>
    frechetDistance(featureStatistics(gatherRows(rows, indices)), real).distance;
  return bootstrapInterval(rows.count, score, { key, resamples, level });
}
