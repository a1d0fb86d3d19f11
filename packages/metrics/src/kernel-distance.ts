import { foldIn, type Key, permutation, split } from "@gen/random";
import { type Features, gatherRows, sidesOf } from "./features.ts";
import { checkLevel, type Interval, mean, normalInterval, variance } from "./interval.ts";
import { polynomialKernel } from "./kernel.ts";
import { meanDiscrepancy } from "./mean-discrepancy.ts";
import type { Report } from "./report.ts";

export interface KernelDistanceReport extends Report {
  /** The mean of MMD² over the subsets; called KID where the features are those of the Inception network. */
  readonly distance: number;
  /** The standard deviation over the subsets, which is reported beside it: that of one subset, not of the mean. */
  readonly deviation: number;
  /** Of `distance`: of the choice of all samples (leave-one-out within the subsets) and of the subsets. */
  readonly standardError: number;
  readonly interval: Interval;
}

export interface KernelDistanceOptions {
  /** Chooses the subsets. */
  readonly key: Key;
  readonly subsets?: number;
  readonly subsetSize?: number;
  /** The level of the interval. */
  readonly level?: number;
}

/**
 * The kernel distance (Bińkowski et al. 2018, arXiv:1801.01401): MMD² with the kernel (x·y/dims + 1)³, without bias,
 * in the mean over random subsets of both sides. Being unbiased it compares across numbers of samples, as a Fréchet
 * distance does not. Cost: 2 · subsets · subsetSize² · dims multiplications.
 *
 * @throws if a side has fewer samples than a subset, lengths differ, or a feature is not finite
 */
export function kernelDistance(
  generated: Features,
  real: Features,
  { key, subsets = 100, subsetSize = 1000, level = 0.95 }: KernelDistanceOptions,
): KernelDistanceReport {
  checkLevel("kernelDistance", level);
  if (!Number.isInteger(subsets) || subsets < 1 || !Number.isInteger(subsetSize) || subsetSize < 3)
    throw new Error(
      "kernelDistance: subsets must be an integer of at least 1 and subsetSize one of at least 3, " +
        `got ${subsets} and ${subsetSize}`,
    );
  const { generated: a, real: b, extractor } = sidesOf("kernelDistance", generated, real, 3);
  if (Math.min(a.count, b.count) < subsetSize) {
    throw new Error(
      `kernelDistance: subsets of ${subsetSize} need as many samples on each side, got ${a.count} generated ` +
        `and ${b.count} real; add samples or lower subsetSize`,
    );
  }
  const kernel = polynomialKernel({ degree: 3, gamma: 1 / a.dims, coef0: 1 });
  const found = Array.from({ length: subsets }, (_, s) => {
    const [first, second] = split(foldIn(key, s)) as [Key, Key];
    return meanDiscrepancy(
      gatherRows(a, permutation(first, a.count).subarray(0, subsetSize)),
      gatherRows(b, permutation(second, b.count).subarray(0, subsetSize)),
      kernel,
    );
  });
  const values = found.map(({ unbiased }) => unbiased);
  const distance = mean(values);
  const spread = variance(values, 0);
  // A subset's variance shrinks with the share that it is of all samples.
  const ofSamples =
    (mean(found.map(({ variances }) => variances[0])) * subsetSize) / a.count +
    (mean(found.map(({ variances }) => variances[1])) * subsetSize) / b.count;
  const standardError = Math.sqrt(ofSamples + spread / subsets);
  return {
    distance,
    deviation: Math.sqrt(spread),
    standardError,
    interval: normalInterval(distance, standardError, level),
    protocol:
      `kernel distance, unbiased MMD², kernel (x·y/dims + 1)³, ${subsets} subsets of ${subsetSize} ` +
      "(arXiv:1801.01401)",
    extractor,
    counts: [a.count, b.count],
    dims: a.dims,
  };
}
