import { add, type Key, reshape, type Tensor, tidy } from "@gen/tensor";
import { defaultGroups, GroupNorm } from "./group-norm.ts";
import { zeros } from "./init.ts";
import { MultiheadAttention } from "./multihead-attention.ts";

export interface AttentionBlockOptions {
  /** Default 1 (DDPM; ADM takes one head per 64 channels). */
  heads?: number;
  /** Groups of the norm. Default `defaultGroups(channels)`. */
  groups?: number;
}

/**
 * Self-attention over the pixels of an image, added to it: x + attention(norm(x)). The last projection starts at zero,
 * so that the block starts as the identity (ADM, arXiv:2105.05233).
 */
export class AttentionBlock {
  readonly norm: GroupNorm;
  readonly attention: MultiheadAttention;

  constructor(key: Key, channels: number, options: AttentionBlockOptions = {}) {
    this.norm = new GroupNorm(options.groups ?? defaultGroups(channels), channels);
    this.attention = new MultiheadAttention(key, channels, options.heads ?? 1, { outInit: zeros });
  }

  /** x [batch, height, width, channels] → the same shape. The caller disposes of the result. */
  forward(x: Tensor): Tensor {
    return tidy(() => {
      const [batch, height, width, channels] = x.shape as [number, number, number, number];
      const tokens = reshape(this.norm.forward(x), [batch, height * width, channels]);
      return add(x, reshape(this.attention.forward(tokens), x.shape));
    });
  }
}
