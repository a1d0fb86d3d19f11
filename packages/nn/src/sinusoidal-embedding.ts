import { concat, cos, mul, reshape, sin, type Tensor, tensor1d, tidy } from "@gen/tensor";

export interface SinusoidalEmbeddingOptions {
  /** 2π times this is the longest period, in units of t. Default 10,000. */
  maxPeriod?: number;
}

/**
 * The embedding of a time that ADM, LDM and DiT use: [cos(t·f₀), …, cos(t·f_{h−1}), sin(t·f₀), …, sin(t·f_{h−1})] with
 * h = features / 2 and f_i = maxPeriod^(−i/h). Cosines come first.
 *
 * (DDPM's own code, and diffusers by default, have sines first and i/(h−1) for the exponent.) These networks count t
 * from 0 to 1000: multiply a time in [0, 1] by 1000.
 *
 * @param t [batch]
 * @param features even
 * @returns [batch, features]; the caller disposes of it
 */
export function sinusoidalEmbedding(
  t: Tensor,
  features: number,
  { maxPeriod = 10_000 }: SinusoidalEmbeddingOptions = {},
): Tensor {
  if (!Number.isInteger(features) || features < 2 || features % 2 !== 0) {
    throw new Error(
      `sinusoidalEmbedding: features must be a positive even integer, got ${features}.`,
    );
  }
  const half = features / 2;
  const frequencies = Float32Array.from({ length: half }, (_, i) => maxPeriod ** (-i / half));
  return tidy(() => {
    const angles = mul(reshape(t, [-1, 1]), tensor1d(frequencies));
    return concat([cos(angles), sin(angles)], 1);
  });
}
