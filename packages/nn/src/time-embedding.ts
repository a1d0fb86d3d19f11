import { type Key, split, type Tensor, tidy } from "@gen/tensor";
import type { Init } from "./init.ts";
import { Linear } from "./linear.ts";
import { silu } from "./silu.ts";
import { sinusoidalEmbedding } from "./sinusoidal-embedding.ts";

export interface TimeEmbeddingOptions {
  /** How both weights start. Default as a Linear's; DiT takes `normal(0.02)`. */
  init?: Init;
}

/**
 * `sinusoidalEmbedding` followed by linear, silu, linear: how DDPM, ADM and DiT feed a time to a network. Its
 * variables are named as those of diffusers' `TimestepEmbedding`.
 */
export class TimeEmbedding {
  readonly linear_1: Linear;
  readonly linear_2: Linear;

  /** @param frequencies features of the sinusoidal embedding, even  @param features of the result */
  constructor(key: Key, frequencies: number, features: number, options: TimeEmbeddingOptions = {}) {
    const [key1, key2] = split(key, 2) as [Key, Key];
    this.linear_1 = new Linear(key1, frequencies, features, options);
    this.linear_2 = new Linear(key2, features, features, options);
  }

  /** t [batch], counted from 0 to 1000 → [batch, features]. The caller disposes of the result. */
  forward(t: Tensor): Tensor {
    return tidy(() => {
      const waves = sinusoidalEmbedding(t, this.linear_1.weight.shape[0] as number);
      return this.linear_2.forward(silu(this.linear_1.forward(waves)));
    });
  }
}
