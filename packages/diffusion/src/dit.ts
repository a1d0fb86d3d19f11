import {
  gridPositions,
  init,
  LayerNorm,
  Linear,
  parameter,
  PatchEmbedding,
  silu,
  unpatchify,
} from "@gen/nn";
import { add, foldIn, type Key, splitTensor, type Tensor, tidy, type Variable } from "@gen/tensor";
import { checkSize } from "./check-size.ts";
import { Conditioning } from "./conditioning.ts";
import { DiTBlock } from "./dit-block.ts";
import type { Conditions, Network } from "./network.ts";

export interface DiTConfig {
  /** Height and width of the images; `patch` divides it. */
  readonly imageSize: number;
  readonly inChannels: number;
  /** Default: as `inChannels`. */
  readonly outChannels?: number;
  /** Height and width of a patch: one token each. */
  readonly patch: number;
  /** Features of a token: a multiple of 4 that `heads` divides. */
  readonly width: number;
  /** How many blocks. */
  readonly depth: number;
  readonly heads: number;
  /** Default 0: no labels. */
  readonly classes?: number;
}

// As in the paper's code, whatever the width.
const TIME_FREQUENCIES = 256;

/**
 * The diffusion transformer (Peebles and Xie 2022, arXiv:2212.09748): patches as tokens with fixed two-dimensional
 * positions, blocks with adaLN-Zero, initialised as in the paper. Its last layer starts at zero, so the first
 * prediction is 0. It predicts no variance, and its qkv projection has a bias.
 */
export class DiT implements Network {
  readonly conditioning: Conditioning;
  readonly patches: PatchEmbedding;
  /** [tokens, width], fixed. */
  readonly positions: Variable;
  readonly blocks: DiTBlock[];
  readonly norm_out: LayerNorm;
  /** [width] → shift and scale of the last norm. */
  readonly modulation_out: Linear;
  readonly linear_out: Linear;
  readonly config: DiTConfig;
  readonly classes: number;

  /** @throws if `patch` does not divide `imageSize`, or the width does not fit */
  constructor(key: Key, config: DiTConfig) {
    const { imageSize, inChannels, patch, width, depth, heads, classes = 0 } = config;
    const { outChannels = inChannels } = config;
    const side = imageSize / patch;
    if (!Number.isInteger(side) || side < 1) {
      throw new Error(`DiT: patch must divide imageSize ${imageSize}, got ${patch}`);
    }
    this.config = config;
    this.classes = classes;
    let made = 0;
    const next = (): Key => foldIn(key, made++);
    const small = { init: init.normal(0.02) };
    this.conditioning = new Conditioning(next(), TIME_FREQUENCIES, width, classes, {
      time: small,
      label: small,
    });
    this.patches = new PatchEmbedding(next(), patch, inChannels, width);
    this.positions = parameter(gridPositions(width, side, side), [side * side, width], false);
    this.blocks = Array.from({ length: depth }, () => new DiTBlock(next(), width, heads));
    this.norm_out = new LayerNorm(width, { affine: false, epsilon: 1e-6 });
    this.modulation_out = new Linear(next(), width, 2 * width, { init: init.zeros });
    this.linear_out = new Linear(next(), width, patch * patch * outChannels, { init: init.zeros });
  }

  /**
   * @param x [batch, imageSize, imageSize, inChannels]
   * @param t float32 [batch] in [0, 1]
   * @returns [batch, imageSize, imageSize, outChannels]; the caller disposes of it
   */
  forward(x: Tensor, t: Tensor, conditions: Conditions = {}): Tensor {
    const { imageSize, inChannels, patch } = this.config;
    checkSize("DiT.forward", x, [imageSize, imageSize, inChannels]);
    return tidy(() => {
      const condition = silu(this.conditioning.forward(t, conditions));
      let h = add(this.patches.forward(x), this.positions);
      for (const block of this.blocks) h = block.forward(h, condition);
      const [shift, scale] = splitTensor(this.modulation_out.forward(condition), 2, -1) as [
        Tensor,
        Tensor,
      ];
      const tokens = this.linear_out.forward(this.norm_out.forward(h, { shift, scale }));
      return unpatchify(tokens, patch, [imageSize, imageSize]);
    });
  }
}
