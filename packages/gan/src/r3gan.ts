import { averagePool, Conv2d, init, Linear, type Mode, parameter } from "@gen/nn";
import {
  add,
  concat,
  foldIn,
  type Key,
  leakyRelu,
  mul,
  normalArray,
  reshape,
  split,
  sum,
  type Tensor,
  tidy,
  type Variable,
} from "@gen/tensor";
import { upsampleBilinear } from "./bilinear.ts";
import { channelsOfSizes, innerSize } from "./dcgan-config.ts";
import { heNormal } from "./he-normal.ts";
import { oneHotLabels } from "./one-hot-labels.ts";
import type { Given } from "./players.ts";

export interface R3GANConfig {
  /** Height and width of the images: 4, 5, 6 or 7 times a power of 2, at least 8. */
  readonly imageSize: number;
  readonly imageChannels: number;
  /** Numbers of a latent; 64, the paper's. */
  readonly latents?: number;
  /** Channels of the image's size and the next; inwards they double with every halving. Default 64. */
  readonly baseChannels?: number;
  /** Makes the players conditional: the class beside the latent, and a projection of the discriminator's features. */
  readonly classes?: number | undefined;
  /** Residual blocks at each size; 2, the paper's. */
  readonly blocks?: number;
}

/**
 * The residual block of R3GAN (Huang et al. 2024, arXiv:2501.05441, section 4): 1 × 1, 3 × 3, 1 × 1 with leaky relu of
 * slope 0.2 between, no norm, and Fixup's start (arXiv:1901.09321): the last convolution is zero, the others are smaller
 * by count^(−1/4). Its 3 × 3 convolutions are grouped, and twice as wide for it; these are full ones.
 */
export class R3GANBlock {
  readonly conv1: Conv2d;
  readonly conv2: Conv2d;
  readonly conv3: Conv2d;

  /** @param count how many blocks the network has */
  constructor(key: Key, channels: number, count: number) {
    const [key1, key2, key3] = split(key, 3) as [Key, Key, Key];
    const start = init.scaled(heNormal, count ** -0.25);
    this.conv1 = new Conv2d(key1, channels, channels, 1, { init: start, bias: false });
    this.conv2 = new Conv2d(key2, channels, channels, 3, { init: start });
    this.conv3 = new Conv2d(key3, channels, channels, 1, { init: init.zeros, bias: false });
  }

  /** x [batch, height, width, channels] → the same shape. The caller disposes of the result. */
  forward(x: Tensor): Tensor {
    return tidy(() => {
      const inner = this.conv2.forward(leakyRelu(this.conv1.forward(x), 0.2));
      return add(x, this.conv3.forward(leakyRelu(inner, 0.2)));
    });
  }
}

/** The blocks of each size. */
const stages = (key: Key, channels: readonly number[], blocks: number): R3GANBlock[][] =>
  channels.map((width, i) =>
    Array.from(
      { length: blocks },
      (_, j) => new R3GANBlock(foldIn(foldIn(key, i), j), width, blocks * channels.length),
    ),
  );
const through = (stage: readonly R3GANBlock[] | undefined, x: Tensor): Tensor =>
  (stage ?? []).reduce((h, block) => block.forward(h), x);

/** Convolutions 1 × 1 from each width to the next. */
const transitions = (key: Key, channels: readonly number[]): Conv2d[] =>
  channels
    .slice(1)
    .map((to, i) => new Conv2d(foldIn(key, i), channels[i] as number, to, 1, { bias: false }));

/**
 * R3GAN's generator (Huang et al. 2024, arXiv:2501.05441, section 4): a learnt basis of 4 × 4 pixels, scaled by what a
 * linear layer makes of the latent; at each size residual blocks; between sizes bilinear resampling. No norm, no styles,
 * no noise. Its game is `relativistic` with `r1` and `r2`.
 */
export class R3GANGenerator {
  readonly basis: Variable;
  readonly project: Linear;
  readonly stages: R3GANBlock[][];
  readonly transitions: Conv2d[];
  readonly out: Conv2d;
  readonly latents: number;
  readonly classes: number | undefined;

  constructor(key: Key, config: R3GANConfig) {
    const { latents = 64, imageChannels, blocks = 2, classes } = config;
    const channels = channelsOfSizes("R3GANGenerator", config);
    const inner = channels[0] as number;
    const keys = split(key, 5) as [Key, Key, Key, Key, Key];
    const size = innerSize(config.imageSize);
    this.basis = parameter(normalArray(keys[0], size ** 2 * inner), [1, size, size, inner]);
    this.project = new Linear(keys[1], latents + (classes ?? 0), inner, { bias: false });
    this.stages = stages(keys[2], channels, blocks);
    this.transitions = transitions(keys[3], channels);
    this.out = new Conv2d(keys[4], channels.at(-1) as number, imageChannels, 1, { bias: false });
    this.latents = latents;
    this.classes = classes;
  }

  /**
   * @param z [batch, latents], standard normal
   * @param given `labels`, if it was made with classes
   * @returns images [batch, imageSize, imageSize, imageChannels]; the caller disposes of it
   */
  forward(z: Tensor, _mode: Mode = "inference", { labels }: Given = {}): Tensor {
    return tidy(() => {
      const y = oneHotLabels("R3GANGenerator.forward", labels, this.classes);
      const scale = reshape(this.project.forward(y ? concat([z, y], 1) : z), [
        z.shape[0] as number,
        1,
        1,
        -1,
      ]);
      const first = through(this.stages[0], mul(this.basis, scale));
      const h = this.transitions.reduce(
        (x, transition, i) => through(this.stages[i + 1], upsampleBilinear(transition.forward(x))),
        first,
      );
      return this.out.forward(h);
    });
  }
}

/** R3GAN's discriminator: the same from the image inwards, ended by a learnt window over 4 × 4 pixels. */
export class R3GANDiscriminator {
  readonly from: Conv2d;
  readonly stages: R3GANBlock[][];
  readonly transitions: Conv2d[];
  readonly window: Variable;
  readonly out: Linear;
  readonly embed: Linear | undefined;
  readonly classes: number | undefined;

  constructor(key: Key, config: Omit<R3GANConfig, "latents">) {
    const { imageChannels, blocks = 2, classes } = config;
    const channels = channelsOfSizes("R3GANDiscriminator", config).toReversed();
    const inner = channels.at(-1) as number;
    const keys = split(key, 5) as [Key, Key, Key, Key, Key];
    this.from = new Conv2d(keys[0], imageChannels, channels[0] as number, 1, { bias: false });
    this.stages = stages(keys[1], channels, blocks);
    this.transitions = transitions(keys[2], channels);
    const size = innerSize(config.imageSize);
    const shape = [size, size, inner];
    this.window = parameter(heNormal(keys[3], shape, { in: size ** 2, out: size ** 2 }), shape);
    this.out = new Linear(keys[4], inner, 1, { bias: false });
    this.embed =
      classes === undefined
        ? undefined
        : new Linear(foldIn(key, 5), classes, inner, { bias: false, init: init.normal(0.02) });
    this.classes = classes;
  }

  /**
   * @param images [batch, imageSize, imageSize, imageChannels]
   * @param labels int32 [batch], if it was made with classes
   * @returns a logit for each, [batch]; the caller disposes of it
   */
  forward(images: Tensor, _mode: Mode = "inference", labels?: Tensor): Tensor {
    return tidy(() => {
      const h = this.transitions.reduce(
        (x, transition, i) => transition.forward(averagePool(through(this.stages[i], x))),
        this.from.forward(images),
      );
      const seen = sum(mul(through(this.stages.at(-1), h), this.window), [1, 2]);
      const logit = reshape(this.out.forward(seen), [-1]);
      const y = oneHotLabels("R3GANDiscriminator.forward", labels, this.classes);
      return y && this.embed ? add(logit, sum(mul(this.embed.forward(y), seen), 1)) : logit;
    });
  }
}
