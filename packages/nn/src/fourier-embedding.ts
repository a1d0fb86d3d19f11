import {
  concat,
  cos,
  type Key,
  mul,
  normalArray,
  reshape,
  sin,
  type Tensor,
  tidy,
  type Variable,
} from "@gen/tensor";
import { parameter } from "./parameter.ts";

export interface FourierEmbeddingOptions {
  /** Deviation of the frequencies. Default 16 (Song et al., arXiv:2011.13456 §C). */
  scale?: number;
}

/**
 * Gaussian Fourier features of a number (Tancik et al., arXiv:2006.10739; as in NCSN++ by Song et al.,
 * arXiv:2011.13456, who feed log σ): [sin(2π·t·w₀), …, cos(2π·t·w₀), …] with w ~ N(0, scale²) drawn once. Sines come
 * first. `weight` [features / 2] is a buffer: not trained, but saved.
 */
export class FourierEmbedding {
  readonly weight: Variable;

  /** @param features even */
  constructor(key: Key, features: number, { scale = 16 }: FourierEmbeddingOptions = {}) {
    if (!Number.isInteger(features) || features < 2 || features % 2 !== 0) {
      throw new Error(
        `FourierEmbedding: features must be a positive even integer, got ${features}.`,
      );
    }
    const frequencies = normalArray(key, features / 2).map((n) => n * scale);
    this.weight = parameter(frequencies, [features / 2], false);
  }

  /** t [batch] → [batch, features]. The caller disposes of the result. */
  forward(t: Tensor): Tensor {
    return tidy(() => {
      const angles = mul(reshape(t, [-1, 1]), mul(this.weight, 2 * Math.PI));
      return concat([sin(angles), cos(angles)], 1);
    });
  }
}
