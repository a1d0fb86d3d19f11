/** Nats in bits: divided by ln 2. */
export function natsToBits(nats: number): number {
  return nats / Math.LN2;
}

export interface BitsPerDimensionOptions {
  /**
   * For a density of data that were quantised and rescaled: the distance of neighbouring levels in the units of the
   * density, 2/255 for bytes scaled to [−1, 1] by x/127.5 − 1. Its mass on a level's cell is the density times this
   * width in each dimension. Default 1: a probability of levels, or a density of bytes in their own units.
   */
  binWidth?: number;
}

/**
 * −log₂ p per dimension: what a lossless code for one number of x takes on average; 8 for bytes under the uniform
 * distribution.
 *
 * @param logProb log p(x) in nats
 * @param dimensions how many numbers x has
 */
export function bitsPerDimension(
  logProb: number,
  dimensions: number,
  { binWidth = 1 }: BitsPerDimensionOptions = {},
): number {
  if (!(Number.isInteger(dimensions) && dimensions > 0)) {
    throw new Error(
      `bitsPerDimension: dimensions must be a whole number above 0, got ${dimensions}`,
    );
  }
  if (!(binWidth > 0 && binWidth < Infinity)) {
    throw new Error(`bitsPerDimension: binWidth must be above 0, got ${binWidth}`);
  }
  return natsToBits(-logProb / dimensions - Math.log(binWidth));
}
