import { BatchNorm2d, Conv2d, init, Linear, type Mode, upsampleNearest } from "@gen/nn";
import { add, foldIn, type Key, relu, reshape, split, tanh, type Tensor, tidy } from "@gen/tensor";
import { ConditionalBatchNorm2d, type ImageNorm } from "./conditional-batch-norm2d.ts";
import { dcganChannels, innerSize } from "./dcgan-config.ts";
import { oneHotLabels } from "./one-hot-labels.ts";
import type { Given } from "./players.ts";
import type { ResNetConfig } from "./resnet-config.ts";

const options = { init: init.xavierUniform };

/** Norm, relu, twice the size, convolution, norm, relu, convolution; around it a convolution 1 × 1. */
export class GeneratorBlock {
  readonly norm1: ImageNorm;
  readonly conv1: Conv2d;
  readonly norm2: ImageNorm;
  readonly conv2: Conv2d;
  readonly shortcut: Conv2d;

  /** @param embeddingFeatures of the class; without it the norms are batch norms */
  constructor(key: Key, inChannels: number, outChannels: number, embeddingFeatures?: number) {
    const keys = split(key, 5) as [Key, Key, Key, Key, Key];
    const norm = (k: Key, channels: number): ImageNorm =>
      embeddingFeatures === undefined
        ? new BatchNorm2d(channels)
        : new ConditionalBatchNorm2d(k, channels, embeddingFeatures);
    this.norm1 = norm(keys[0], inChannels);
    this.conv1 = new Conv2d(keys[1], inChannels, outChannels, 3, options);
    this.norm2 = norm(keys[2], outChannels);
    this.conv2 = new Conv2d(keys[3], outChannels, outChannels, 3, options);
    this.shortcut = new Conv2d(keys[4], inChannels, outChannels, 1, options);
  }

  /** x [batch, height, width, in] → [batch, 2·height, 2·width, out]. The caller disposes of the result. */
  forward(x: Tensor, mode: Mode, embedding?: Tensor): Tensor {
    return tidy(() => {
      const h = upsampleNearest(relu(this.norm1.forward(x, mode, embedding)));
      const mixed = relu(this.norm2.forward(this.conv1.forward(h), mode, embedding));
      // A convolution 1 × 1 before the copies is the same as after them, and a quarter of the work.
      return add(upsampleNearest(this.shortcut.forward(x)), this.conv2.forward(mixed));
    });
  }
}

/**
 * The residual generator of SNGAN (Miyato et al. 2018, arXiv:1802.05957, appendix B) with BigGAN's widths and conditional
 * norms (arXiv:1809.11096, figure 15: one embedding of the class, shared by all blocks). No attention, and the latent
 * enters only at the start.
 */
export class ResNetGenerator {
  readonly embed: Linear | undefined;
  readonly project: Linear;
  readonly blocks: GeneratorBlock[];
  readonly norm: BatchNorm2d;
  readonly out: Conv2d;
  readonly latents: number;
  readonly classes: number | undefined;
  readonly channels: number;
  /** Height and width of the first layer. */
  readonly size: number;

  constructor(key: Key, config: ResNetConfig) {
    const { latents = 128, imageChannels, classes } = config;
    const channels = dcganChannels("ResNetGenerator", config).toReversed();
    const inner = channels[0] as number;
    const outer = channels.at(-1) as number;
    const features = classes === undefined ? undefined : latents;
    this.embed =
      classes === undefined
        ? undefined
        : new Linear(foldIn(key, 0), classes, latents, { bias: false, init: init.normal(1) });
    this.size = innerSize(config.imageSize);
    this.project = new Linear(foldIn(key, 1), latents, this.size ** 2 * inner, options);
    this.blocks = channels.map(
      (to, i) => new GeneratorBlock(foldIn(key, 3 + i), channels[i - 1] ?? inner, to, features),
    );
    this.norm = new BatchNorm2d(outer);
    this.out = new Conv2d(foldIn(key, 2), outer, imageChannels, 3, options);
    this.latents = latents;
    this.classes = classes;
    this.channels = inner;
  }

  /**
   * @param z [batch, latents], standard normal
   * @param given `labels`, if it was made with classes
   * @returns images [batch, imageSize, imageSize, imageChannels] in [−1, 1]; the caller disposes of it
   */
  forward(z: Tensor, mode: Mode = "inference", { labels }: Given = {}): Tensor {
    return tidy(() => {
      const y = oneHotLabels("ResNetGenerator.forward", labels, this.classes);
      const embedding = y && this.embed?.forward(y);
      const { size, channels } = this;
      const first = reshape(this.project.forward(z), [-1, size, size, channels]);
      const h = this.blocks.reduce((x, block) => block.forward(x, mode, embedding), first);
      return tanh(this.out.forward(relu(this.norm.forward(h, mode))));
    });
  }
}
