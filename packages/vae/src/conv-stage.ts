import { AttentionBlock, defaultGroups, GroupNorm, ResidualBlock, silu } from "@gen/nn";
import { foldIn, type Key, type Tensor, tidy } from "@gen/tensor";

/** What encoder and decoder do at one resolution: norm, silu, residual blocks, perhaps attention over the pixels. */
export class ConvStage {
  readonly norm: GroupNorm;
  readonly blocks: ResidualBlock[];
  readonly attention: AttentionBlock | undefined;

  constructor(key: Key, channels: number, blocks: number, attention: boolean) {
    this.norm = new GroupNorm(defaultGroups(channels), channels);
    this.blocks = Array.from(
      { length: blocks },
      (_, i) => new ResidualBlock(foldIn(key, i), channels, channels),
    );
    this.attention = attention ? new AttentionBlock(foldIn(key, blocks), channels) : undefined;
  }

  /** x [batch, height, width, channels] → the same shape. The caller disposes of the result. */
  forward(x: Tensor): Tensor {
    return tidy(() => {
      const h = this.blocks.reduce((t, block) => block.forward(t), silu(this.norm.forward(x)));
      return this.attention?.forward(h) ?? h;
    });
  }
}
