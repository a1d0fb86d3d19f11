import { add, type Key, mul, type Tensor, tidy, uniform } from "@gen/tensor";

export interface DequantizedOptions {
  /** How many levels there are, counted from 0. Default 256. */
  readonly levels?: number;
  /** Where the lowest level begins and the highest ends. Default -1 and 1. */
  readonly low?: number;
  readonly high?: number;
}

/**
 * Uniform dequantisation (Uria et al. 2013, arXiv:1306.0186; Theis et al. 2015, arXiv:1511.01844, section 3.1): whole
 * numbers plus noise in [0, 1), scaled to [low, high). The density of what comes out bounds the probability of the
 * levels from below: with `binWidth: (high - low) / levels`, `bitsPerDimension` of `@gen/probability` gives at least
 * the bits of a lossless code.
 *
 * @param values levels 0 … levels - 1, any shape
 * @returns a new tensor of that shape; the caller disposes of it
 */
export function dequantized(
  key: Key,
  values: Tensor,
  { levels = 256, low = -1, high = 1 }: DequantizedOptions = {},
): Tensor {
  if (!Number.isInteger(levels) || levels < 1) {
    throw new Error(`dequantized: levels must be a positive integer, got ${levels}`);
  }
  if (!(low < high)) {
    throw new Error(`dequantized: low must be below high, got ${low} and ${high}`);
  }
  return tidy(() => {
    const inside = add(values, uniform(key, values.shape));
    return add(mul(inside, (high - low) / levels), low) as Tensor;
  });
}
