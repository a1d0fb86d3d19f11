import { add, type Key, split, splitTensor, type Tensor, tidy } from "@gen/tensor";
import { Conv2d } from "./conv2d.ts";
import { defaultGroups, GroupNorm } from "./group-norm.ts";
import { zeros } from "./init.ts";
import { Linear } from "./linear.ts";
import type { Modulation } from "./modulation.ts";
import { averagePool, upsampleNearest } from "./resize.ts";
import { silu } from "./silu.ts";

export interface ResidualBlockOptions {
  /** Features of the embedding that scales and shifts the second norm. Left out: no conditioning. */
  embeddingFeatures?: number;
  /** Whether the block doubles or halves height and width. Default: neither. */
  resample?: "up" | "down";
  /** Groups of both norms. Default `defaultGroups` of their channels. */
  groups?: number;
}

/**
 * The residual block of ADM (Dhariwal and Nichol, arXiv:2105.05233 §3): norm, silu, convolution, norm scaled and
 * shifted by the embedding, silu, convolution, added to the input. The last convolution starts at zero. An up or down
 * block resizes after the first silu and on the way around (nearest, average), as BigGAN's.
 *
 * Its variables are named as those of diffusers' `ResnetBlock2D(time_embedding_norm="scale_shift")`. There is no
 * dropout.
 */
export class ResidualBlock {
  readonly norm1: GroupNorm;
  readonly conv1: Conv2d;
  readonly time_emb_proj: Linear | undefined;
  readonly norm2: GroupNorm;
  readonly conv2: Conv2d;
  readonly conv_shortcut: Conv2d | undefined;
  readonly resample: "up" | "down" | undefined;

  constructor(
    key: Key,
    inChannels: number,
    outChannels: number,
    options: ResidualBlockOptions = {},
  ) {
    const { embeddingFeatures, groups, resample } = options;
    const [key1, keyEmbedding, key2, keyShortcut] = split(key, 4) as [Key, Key, Key, Key];
    this.norm1 = new GroupNorm(groups ?? defaultGroups(inChannels), inChannels);
    this.conv1 = new Conv2d(key1, inChannels, outChannels, 3);
    this.time_emb_proj = embeddingFeatures
      ? new Linear(keyEmbedding, embeddingFeatures, 2 * outChannels)
      : undefined;
    this.norm2 = new GroupNorm(groups ?? defaultGroups(outChannels), outChannels);
    this.conv2 = new Conv2d(key2, outChannels, outChannels, 3, { init: zeros });
    this.conv_shortcut =
      inChannels === outChannels ? undefined : new Conv2d(keyShortcut, inChannels, outChannels, 1);
    this.resample = resample;
  }

  /**
   * @param x [batch, height, width, in]
   * @param embedding [batch, embeddingFeatures], if the block was made for one
   * @returns [batch, height', width', out]; the caller disposes of it
   */
  forward(x: Tensor, embedding?: Tensor): Tensor {
    if (!embedding !== !this.time_emb_proj) {
      throw new Error(
        embedding
          ? "ResidualBlock.forward: an embedding was given to a block made without embeddingFeatures."
          : "ResidualBlock.forward: this block was made with embeddingFeatures and needs an embedding.",
      );
    }
    return tidy(() => {
      const first = this.conv1.forward(this.resize(silu(this.norm1.forward(x))));
      const second = this.conv2.forward(
        silu(this.norm2.forward(first, this.modulation(embedding))),
      );
      const around = this.resize(x);
      return add(this.conv_shortcut?.forward(around) ?? around, second);
    });
  }

  private modulation(embedding: Tensor | undefined): Modulation | undefined {
    if (!embedding || !this.time_emb_proj) return undefined;
    const both = this.time_emb_proj.forward(silu(embedding));
    const [scale, shift] = splitTensor(both, 2, -1) as [Tensor, Tensor];
    return { scale, shift };
  }

  private resize(x: Tensor): Tensor {
    if (this.resample === "up") return upsampleNearest(x);
    return this.resample === "down" ? averagePool(x) : x;
  }
}
