import { type Features, sidesOf } from "./features.ts";
import { checkLevel, type Interval, normalInterval } from "./interval.ts";
import { gaussianKernel, type Kernel } from "./kernel.ts";
import { meanDiscrepancy } from "./mean-discrepancy.ts";
import type { Report } from "./report.ts";

export interface MmdReport extends Report {
  /** MMD² without bias: 0 in the mean for equal distributions, so at times below 0. */
  readonly squared: number;
  /** The biased MMD², which counts each sample's kernel of itself: never below 0. */
  readonly biased: number;
  /** Of `squared`, by leaving one sample out; too wide where both distributions are equal. */
  readonly standardError: number;
  readonly interval: Interval;
}

/**
 * The squared maximum mean discrepancy of all samples (Gretton et al. 2012, «A kernel two-sample test», eq. 3 and 5).
 * Cost: (n + m)² · dims / 2 multiplications; `kernelDistance` takes subsets instead.
 *
 * @throws if a side has fewer than 3 samples, lengths differ, or a feature is not finite
 */
export function mmd(
  generated: Features,
  real: Features,
  kernel: Kernel,
  { level = 0.95 }: { level?: number } = {},
): MmdReport {
  checkLevel("mmd", level);
  const { generated: a, real: b, extractor } = sidesOf("mmd", generated, real, 3);
  const { unbiased, biased, variances } = meanDiscrepancy(a, b, kernel);
  const standardError = Math.sqrt(variances[0] + variances[1]);
  return {
    squared: unbiased,
    biased,
    standardError,
    interval: normalInterval(unbiased, standardError, level),
    protocol: `MMD², kernel ${kernel.name}`,
    extractor,
    counts: [a.count, b.count],
    dims: a.dims,
  };
}

export interface CmmdReport extends Report {
  readonly distance: number;
}

/**
 * CMMD (Jayasumana et al. 2024, arXiv:2401.09603): 1000 times the biased MMD² of features of length 1, with a Gaussian
 * kernel of σ = 10. It is called CMMD when the features are CLIP's. Features are brought to length 1 here.
 *
 * @throws as `mmd`, and if all numbers of a vector are 0
 */
export function cmmd(generated: Features, real: Features): CmmdReport {
  sidesOf("cmmd", generated, real, 3);
  const unit = (features: Features): Features => ({ ...features, values: unitRows(features) });
  const report = mmd(unit(generated), unit(real), gaussianKernel(10));
  return {
    distance: 1000 * report.biased,
    protocol: "CMMD: 1000·MMD² (biased), unit features, Gaussian kernel, σ = 10 (arXiv:2401.09603)",
    extractor: report.extractor,
    counts: report.counts,
    dims: report.dims,
  };
}

function unitRows({ values, dims }: Features): Float64Array {
  const unit = Float64Array.from(values);
  for (let first = 0; first < unit.length; first += dims) {
    const row = unit.subarray(first, first + dims);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length === 0) {
      throw new Error(
        `cmmd: features must have a length, got only zeros in vector ${first / dims}`,
      );
    }
    for (let i = 0; i < dims; i++) row[i]! /= length;
  }
  return unit;
}
