import { BatchNorm2d, Conv2d, init, type Mode } from "@gen/nn";
import { foldIn, type Key, leakyRelu, squeeze, type Tensor, tidy } from "@gen/tensor";

export interface PatchDiscriminatorConfig {
  readonly imageChannels: number;
  /** Channels of the first convolution; they double with each, to 8 times as many at most. Default 64. */
  readonly baseChannels?: number;
  /** How many convolutions halve the size; 3 make it the 70 × 70 one. */
  readonly depth?: number;
}

/**
 * PatchGAN (Isola et al. 2017, arXiv:1611.07004, section 3.2.2 and appendix 6.1.2): convolutions 4 × 4, `depth` of stride
 * 2 and two of stride 1, batch norm between, and a logit for each patch. With depth 3 a patch is 70 × 70 pixels, with 2
 * 34 × 34, with 1 16 × 16. Losses take the mean over patches.
 */
export class PatchDiscriminator {
  readonly convs: Conv2d[];
  readonly norms: BatchNorm2d[];

  constructor(key: Key, { imageChannels, baseChannels = 64, depth = 3 }: PatchDiscriminatorConfig) {
    if (!Number.isInteger(depth) || depth < 1) {
      throw new Error(`PatchDiscriminator: depth must be a positive integer, got ${depth}`);
    }
    const widths = Array.from({ length: depth + 1 }, (_, i) => baseChannels * Math.min(2 ** i, 8));
    const channels = [imageChannels, ...widths, 1];
    this.convs = channels.slice(1).map(
      (to, i) =>
        new Conv2d(foldIn(key, i), channels[i] as number, to, 4, {
          init: init.normal(0.02),
          stride: i < depth ? 2 : 1,
          padding: 1,
          bias: i === 0 || i === depth + 1,
        }),
    );
    this.norms = widths.slice(1).map((width) => new BatchNorm2d(width));
  }

  /** images [batch, height, width, channels] → logits [batch, height', width']. The caller disposes of the result. */
  forward(images: Tensor, mode: Mode = "inference"): Tensor {
    return tidy(() => {
      const last = this.convs.length - 1;
      const map = this.convs.reduce((x, conv, i) => {
        const mixed = conv.forward(x);
        return i === last
          ? mixed
          : leakyRelu(this.norms[i - 1]?.forward(mixed, mode) ?? mixed, 0.2);
      }, images);
      return squeeze(map, [3]);
    });
  }
}
