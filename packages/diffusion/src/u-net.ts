import {
  AttentionBlock,
  Conv2d,
  defaultGroups,
  Downsample,
  GroupNorm,
  init,
  ResidualBlock,
  silu,
  Upsample,
} from "@gen/nn";
import { concat, foldIn, type Key, type Tensor, tidy } from "@gen/tensor";
import { checkSize } from "./check-size.ts";
import { Conditioning } from "./conditioning.ts";
import type { Conditions, Network } from "./network.ts";

export interface UNetConfig {
  /** Height and width of the images: divisible by 2 once for each level but the last. */
  readonly imageSize: number;
  readonly inChannels: number;
  /** Default: as `inChannels`. */
  readonly outChannels?: number;
  /** Channels of the first level. */
  readonly baseChannels: number;
  /** Channels of each level, as multiples of `baseChannels`; each level has half the height and width. */
  readonly multipliers: readonly number[];
  /** Residual blocks of each level on the way down; there is one more on the way up. */
  readonly blocks: number;
  /** Attention where the height is one of these, besides the middle. Default none. */
  readonly attention?: readonly number[];
  /** Channels of an attention head. Default 64 (ADM, table 3); fewer channels are one head. */
  readonly headChannels?: number;
  /** Default 0: no labels. */
  readonly classes?: number;
}

/** One resolution of a U-Net: residual blocks, attention after each (or after none), then a change of resolution. */
interface Level {
  readonly blocks: ResidualBlock[];
  readonly attention: AttentionBlock[];
  readonly downsample?: Downsample | undefined;
  readonly upsample?: Upsample | undefined;
}

/**
 * The U-Net of ADM (Dhariwal and Nichol 2021, arXiv:2105.05233, section 3; after Ho et al. 2020, arXiv:2006.11239):
 * residual blocks whose second norm is scaled and shifted by time and class, attention at chosen resolutions and in
 * the middle, every block of the way down concatenated to one of the way up. Resolutions change by a convolution of
 * stride 2 and by nearest neighbours and a convolution (ADM's other form resizes in residual blocks). The last
 * convolution starts at zero, so the first prediction is 0. No dropout.
 */
export class UNet implements Network {
  readonly conditioning: Conditioning;
  readonly conv_in: Conv2d;
  readonly down: Level[];
  readonly middle: { block1: ResidualBlock; attention: AttentionBlock; block2: ResidualBlock };
  readonly up: Level[];
  readonly norm_out: GroupNorm;
  readonly conv_out: Conv2d;
  readonly config: UNetConfig;
  readonly classes: number;

  /** @throws if the image size cannot be halved often enough, or `attention` names a resolution that there is not */
  constructor(key: Key, config: UNetConfig) {
    const { imageSize, inChannels, baseChannels, multipliers, blocks, classes = 0 } = config;
    const { attention = [], headChannels = 64, outChannels = inChannels } = config;
    const sizes = multipliers.map((_, level) => imageSize / 2 ** level);
    check(config, sizes, attention);
    this.config = config;
    this.classes = classes;

    let made = 0;
    const next = (): Key => foldIn(key, made++);
    const embeddingFeatures = 4 * baseChannels;
    const block = (from: number, to: number): ResidualBlock =>
      new ResidualBlock(next(), from, to, { embeddingFeatures });
    const attend = (channels: number): AttentionBlock =>
      new AttentionBlock(next(), channels, { heads: Math.max(1, channels / headChannels) });

    this.conditioning = new Conditioning(next(), baseChannels, embeddingFeatures, classes);
    this.conv_in = new Conv2d(next(), inChannels, baseChannels, 3);

    let channels = baseChannels;
    const skips = [channels];
    this.down = multipliers.map((multiplier, i) => {
      const level: Level & { downsample?: Downsample } = { blocks: [], attention: [] };
      for (let b = 0; b < blocks; b++) {
        level.blocks.push(block(channels, multiplier * baseChannels));
        channels = multiplier * baseChannels;
        if (attention.includes(sizes[i] as number)) level.attention.push(attend(channels));
        skips.push(channels);
      }
      if (i < multipliers.length - 1) {
        level.downsample = new Downsample(next(), channels);
        skips.push(channels);
      }
      return level;
    });

    this.middle = {
      block1: block(channels, channels),
      attention: attend(channels),
      block2: block(channels, channels),
    };

    this.up = multipliers
      .map((multiplier, i) => ({ multiplier, size: sizes[i] as number, last: i === 0 }))
      .reverse()
      .map(({ multiplier, size, last }) => {
        const level: Level & { upsample?: Upsample } = { blocks: [], attention: [] };
        for (let b = 0; b <= blocks; b++) {
          level.blocks.push(block(channels + (skips.pop() as number), multiplier * baseChannels));
          channels = multiplier * baseChannels;
          if (attention.includes(size)) level.attention.push(attend(channels));
        }
        if (!last) level.upsample = new Upsample(next(), channels);
        return level;
      });

    this.norm_out = new GroupNorm(defaultGroups(channels), channels);
    this.conv_out = new Conv2d(next(), channels, outChannels, 3, { init: init.zeros });
  }

  /**
   * @param x [batch, imageSize, imageSize, inChannels]
   * @param t float32 [batch] in [0, 1]
   * @returns [batch, imageSize, imageSize, outChannels]; the caller disposes of it
   */
  forward(x: Tensor, t: Tensor, conditions: Conditions = {}): Tensor {
    const { imageSize, inChannels } = this.config;
    checkSize("UNet.forward", x, [imageSize, imageSize, inChannels]);
    return tidy(() => {
      const embedding = this.conditioning.forward(t, conditions);
      const run = ({ blocks, attention }: Level, h: Tensor, b: number): Tensor => {
        const mixed = (blocks[b] as ResidualBlock).forward(h, embedding);
        return attention[b]?.forward(mixed) ?? mixed;
      };

      let h = this.conv_in.forward(x);
      const skips = [h];
      for (const level of this.down) {
        level.blocks.forEach((_, b) => skips.push((h = run(level, h, b))));
        if (level.downsample) skips.push((h = level.downsample.forward(h)));
      }
      const { block1, attention, block2 } = this.middle;
      h = block2.forward(attention.forward(block1.forward(h, embedding)), embedding);
      for (const level of this.up) {
        level.blocks.forEach((_, b) => (h = run(level, concat([h, skips.pop() as Tensor], 3), b)));
        if (level.upsample) h = level.upsample.forward(h);
      }
      return this.conv_out.forward(silu(this.norm_out.forward(h)));
    });
  }
}

function check(config: UNetConfig, sizes: readonly number[], attention: readonly number[]): void {
  const { imageSize, multipliers, blocks } = config;
  if (multipliers.length === 0 || !Number.isInteger(blocks) || blocks < 1) {
    throw new Error(
      `UNet: needs at least one multiplier and one block, got multipliers [${multipliers.join(", ")}] and blocks ${blocks}`,
    );
  }
  if (!sizes.every((size) => Number.isInteger(size) && size > 0)) {
    throw new Error(
      `UNet: ${multipliers.length} multipliers halve the image ${multipliers.length - 1} times, got imageSize ${imageSize}, ` +
        `which ${2 ** (multipliers.length - 1)} does not divide`,
    );
  }
  const unknown = attention.find((size) => !sizes.includes(size));
  if (unknown !== undefined) {
    throw new Error(
      `UNet: attention must name resolutions out of ${sizes.join(", ")}, got ${unknown}`,
    );
  }
}
