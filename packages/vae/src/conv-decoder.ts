import { Conv2d, ConvTranspose2d, Linear } from "@gen/nn";
import { foldIn, type Key, reshape, type Tensor, tidy } from "@gen/tensor";
import { checkCode, type ConvConfig, stageSizes } from "./conv-config.ts";
import { ConvStage } from "./conv-stage.ts";

export interface ConvDecoderConfig extends ConvConfig {
  /** What an image is made from: a vector [features], or a map [height, width, channels]. */
  readonly inShape: readonly number[];
  readonly outChannels: number;
}

/**
 * Codes to images, the mirror of `ConvEncoder`: a linear layer (a convolution 3 × 3 where the code is a map), then at
 * each stage group norm, silu, residual blocks and attention where asked for, and a transposed convolution 4 × 4 of
 * stride 2, the last of which gives the image.
 */
export class ConvDecoder {
  readonly project: Linear | Conv2d;
  readonly stages: ConvStage[];
  readonly up: ConvTranspose2d[];
  readonly config: ConvDecoderConfig;
  /** Of the innermost stage: [height, width, channels]. */
  readonly innerShape: readonly number[];

  /** @throws as `ConvEncoder` */
  constructor(key: Key, config: ConvDecoderConfig) {
    const { inShape, channels, blocks = 0, attention = [], outChannels } = config;
    const sizes = stageSizes("ConvDecoder", config).toReversed();
    const size = sizes[0] as number;
    checkCode("ConvDecoder", inShape, size);
    const widths = channels.toReversed();
    const inner = widths[0] as number;
    this.project =
      inShape.length === 1
        ? new Linear(foldIn(key, 0), inShape[0] as number, size * size * inner)
        : new Conv2d(foldIn(key, 0), inShape[2] as number, inner, 3);
    this.stages = widths.map(
      (width, i) =>
        new ConvStage(
          foldIn(key, 2 * i + 1),
          width,
          blocks,
          attention.includes(sizes[i] as number),
        ),
    );
    this.up = widths.map(
      (width, i) =>
        new ConvTranspose2d(foldIn(key, 2 * i + 2), width, widths[i + 1] ?? outChannels, 4, {
          stride: 2,
          padding: 1,
        }),
    );
    this.config = config;
    this.innerShape = [size, size, inner];
  }

  /** z [batch, …inShape] → [batch, imageSize, imageSize, outChannels]. The caller disposes of the result. */
  forward(z: Tensor): Tensor {
    return tidy(() => this.last.forward(this.features(z)));
  }

  /** What the last layer gets: [batch, imageSize / 2, imageSize / 2, channels[0]]. The caller disposes of it. */
  features(z: Tensor): Tensor {
    return tidy(() =>
      this.stages.reduce(
        (h, stage, i) =>
          stage.forward(i === 0 ? h : (this.up[i - 1] as ConvTranspose2d).forward(h)),
        reshape(this.project.forward(z), [-1, ...this.innerShape]),
      ),
    );
  }

  /** The layer that gives the image. */
  get last(): ConvTranspose2d {
    return this.up.at(-1) as ConvTranspose2d;
  }
}
