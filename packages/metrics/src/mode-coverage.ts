import { type Features, sidesOf } from "./features.ts";
import { checkLevel, type Interval, shareInterval } from "./interval.ts";
import { centred, eachSquaredDistance, Smallest } from "./nearest.ts";

/** How samples spread over modes or classes that should be equally frequent. */
export interface CoverageReport {
  readonly modes: number;
  /** How many of them have a sample. */
  readonly hit: number;
  /** How many samples each has. */
  readonly perMode: readonly number[];
  /** KL in nats from the shares found to equal ones: 0 at best, ln(modes) at worst. */
  readonly divergence: number;
  /** Samples that were counted in some mode, and their share of all. */
  readonly highQuality: number;
  readonly highQualityShare: number;
  readonly highQualityInterval: Interval;
  readonly samples: number;
  readonly protocol: string;
}

export interface ModeCoverageOptions {
  /** The standard deviation of a mode, along each axis. */
  readonly deviation: number;
  /** How many standard deviations from its centre a sample of high quality may be. */
  readonly within?: number;
  /** The level of the interval. */
  readonly level?: number;
}

/**
 * Modes covered and share of high-quality samples of a mixture with known centres (Srivastava et al. 2017,
 * arXiv:1705.07761, section 5.1; Lin et al. 2018, arXiv:1712.04086): a sample within 3 standard deviations of its
 * nearest centre is of high quality, and a mode with such a sample is hit. In 2 dimensions an exact sampler has
 * 1 - exp(-9/2) = 98.9 % of them.
 *
 * @param samples the points themselves
 * @param centres one vector a mode
 * @throws if a side is empty, lengths differ, a number is not finite or the deviation is not positive
 */
export function modeCoverage(
  samples: Features,
  centres: Features,
  { deviation, within = 3, level = 0.95 }: ModeCoverageOptions,
): CoverageReport {
  if (!(deviation > 0) || !(within > 0)) {
    throw new Error(
      `modeCoverage: deviation and within must be positive, got ${deviation} and ${within}`,
    );
  }
  const sides = sidesOf("modeCoverage", samples, centres, 1);
  const [points, modes] = centred(sides.generated, sides.real);
  const nearest = new Smallest(points.count, 1);
  eachSquaredDistance(points, modes, (i, j, squared) => nearest.offer(i, squared, j));
  const perMode = Array.from({ length: modes.count }, () => 0);
  const reach = (within * deviation) ** 2;
  nearest.owners.forEach((mode, i) => {
    if (nearest.numbers[i]! <= reach) perMode[mode]!++;
  });
  const protocol = `modes within ${within} standard deviations of ${deviation} (arXiv:1705.07761)`;
  return coverage("modeCoverage", perMode, points.count, level, protocol);
}

/**
 * The same for labels that a classifier gave, as in Stacked MNIST (Metz et al. 2016, arXiv:1611.02163): a class with a
 * sample is hit.
 *
 * @param labels integers in [0, classes); another integer is a sample of no class
 * @throws if there are no labels, or one is not an integer
 */
export function classCoverage(
  labels: ArrayLike<number>,
  classes: number,
  { level = 0.95 }: { level?: number } = {},
): CoverageReport {
  if (!Number.isInteger(classes) || classes < 1) {
    throw new Error(`classCoverage: classes must be a positive integer, got ${classes}`);
  }
  if (labels.length === 0) throw new Error("classCoverage: needs at least 1 label, got 0");
  const perMode = Array.from({ length: classes }, () => 0);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label)) {
      throw new Error(`classCoverage: labels must be integers, got ${label} at place ${i}`);
    }
    if (label >= 0 && label < classes) perMode[label]!++;
  }
  return coverage("classCoverage", perMode, labels.length, level, "classes by label");
}

function coverage(
  caller: string,
  perMode: readonly number[],
  samples: number,
  level: number,
  protocol: string,
): CoverageReport {
  checkLevel(caller, level);
  const modes = perMode.length;
  const highQuality = perMode.reduce((sum, count) => sum + count, 0);
  const shares = perMode.filter((count) => count > 0).map((count) => count / highQuality);
  return {
    modes,
    hit: shares.length,
    perMode,
    divergence:
      highQuality === 0
        ? Infinity
        : Math.max(
            0,
            shares.reduce((sum, share) => sum + share * Math.log(share * modes), 0),
          ),
    highQuality,
    highQualityShare: highQuality / samples,
    highQualityInterval: shareInterval(highQuality / samples, samples, level),
    samples,
    protocol,
  };
}
