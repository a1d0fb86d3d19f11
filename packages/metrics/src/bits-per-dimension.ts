import { checkLevel, type Interval, mean, meanInterval } from "./interval.ts";

export interface BitsPerDimensionReport {
  readonly bitsPerDimension: number;
  readonly interval: Interval;
  /** The mean negative log-likelihood of a sample, in nats, as given. */
  readonly nats: number;
  readonly samples: number;
  readonly dims: number;
  readonly protocol: string;
}

export interface BitsPerDimensionOptions {
  /**
   * How wide a level of the discrete data is in the units of the density: 1 for likelihoods of the levels themselves,
   * 1/128 for 256 levels on [-1, 1], 1/256 on [0, 1]. A density must be one of dequantised data.
   */
  readonly binWidth?: number;
  /** The level of the interval. */
  readonly level?: number;
}

/**
 * Negative log-likelihoods in bits per dimension: nll / (dims · ln 2) - log₂ binWidth (Theis et al. 2016,
 * arXiv:1511.01844, section 3.1: with uniform dequantisation the density's is an upper bound of the discrete one's).
 *
 * @param nlls nats, summed over the dimensions, one a sample
 * @throws if there are fewer than 2 samples, one is not finite, or dims or binWidth is not positive
 */
export function bitsPerDimension(
  nlls: ArrayLike<number>,
  dims: number,
  { binWidth = 1, level = 0.95 }: BitsPerDimensionOptions = {},
): BitsPerDimensionReport {
  checkLevel("bitsPerDimension", level);
  if (!Number.isInteger(dims) || dims < 1 || !(binWidth > 0 && binWidth < Infinity)) {
    throw new Error(
      `bitsPerDimension: dims must be a positive integer and binWidth positive, got ${dims} and ${binWidth}`,
    );
  }
  if (nlls.length < 2) {
    throw new Error(`bitsPerDimension: needs at least 2 samples, got ${nlls.length}`);
  }
  const bits = Float64Array.from(nlls, (nats, i) => {
    if (Number.isFinite(nats)) return nats / (dims * Math.LN2) - Math.log2(binWidth);
    throw new Error(`bitsPerDimension: nlls must be finite, got ${nats} at place ${i}`);
  });
  return {
    bitsPerDimension: mean(bits),
    interval: meanInterval(bits, level),
    nats: mean(nlls),
    samples: nlls.length,
    dims,
    protocol: `bits per dimension, bins of width ${binWidth}`,
  };
}
