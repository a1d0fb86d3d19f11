import { Conv2d, Linear } from "@gen/nn";
import { foldIn, type Key, reshape, type Tensor, tidy } from "@gen/tensor";
import { checkCode, type ConvConfig, stageSizes } from "./conv-config.ts";
import { ConvStage } from "./conv-stage.ts";

export interface ConvEncoderConfig extends ConvConfig {
  readonly inChannels: number;
  /** What an image becomes: a vector [features], or a map [height, width, channels] as large as the last stage. */
  readonly outShape: readonly number[];
}

/**
 * Images to codes: at each stage a convolution 4 × 4 of stride 2, group norm, silu, then residual blocks and
 * attention where asked for; at the end one linear layer, or a convolution 3 × 3 where the code is a map.
 */
export class ConvEncoder {
  readonly down: Conv2d[];
  readonly stages: ConvStage[];
  readonly out: Linear | Conv2d;
  readonly config: ConvEncoderConfig;

  /** @throws if the image cannot be halved so often, or the code or `attention` does not fit the sizes */
  constructor(key: Key, config: ConvEncoderConfig) {
    const { inChannels, channels, blocks = 0, attention = [], outShape } = config;
    const sizes = stageSizes("ConvEncoder", config);
    const size = sizes.at(-1) as number;
    checkCode("ConvEncoder", outShape, size);
    this.down = channels.map(
      (to, i) =>
        new Conv2d(foldIn(key, 2 * i), channels[i - 1] ?? inChannels, to, 4, { stride: 2 }),
    );
    this.stages = channels.map(
      (width, i) =>
        new ConvStage(
          foldIn(key, 2 * i + 1),
          width,
          blocks,
          attention.includes(sizes[i] as number),
        ),
    );
    const inner = channels.at(-1) as number;
    const last = foldIn(key, 2 * channels.length);
    this.out =
      outShape.length === 1
        ? new Linear(last, size * size * inner, outShape[0] as number)
        : new Conv2d(last, inner, outShape[2] as number, 3);
    this.config = config;
  }

  /** x [batch, imageSize, imageSize, inChannels] → [batch, …outShape]. The caller disposes of the result. */
  forward(x: Tensor): Tensor {
    return tidy(() => {
      const h = this.stages.reduce(
        (t, stage, i) => stage.forward((this.down[i] as Conv2d).forward(t)),
        x,
      );
      return this.out.forward(
        this.out instanceof Linear ? reshape(h, [h.shape[0] as number, -1]) : h,
      );
    });
  }
}
