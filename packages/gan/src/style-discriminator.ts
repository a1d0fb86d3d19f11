import { averagePool, Conv2d, Linear, type Mode } from "@gen/nn";
import { add, foldIn, type Key, mul, reshape, sum, type Tensor, tidy } from "@gen/tensor";
import { dcganChannels, innerSize } from "./dcgan-config.ts";
import { Equalized, equalized } from "./equalized.ts";
import { leaky } from "./leaky.ts";
import { minibatchDeviation } from "./minibatch-deviation.ts";
import { oneHotLabels } from "./one-hot-labels.ts";
import type { StyleGANConfig } from "./style-generator.ts";

const options = { bias: false, init: equalized };
const conv = (key: Key, from: number, to: number, size: number): Equalized<Conv2d> =>
  new Equalized(new Conv2d(key, from, to, size, options));
const linear = (key: Key, from: number, to: number): Equalized<Linear> =>
  new Equalized(new Linear(key, from, to, options));

/**
 * StyleGAN2's residual discriminator (Karras et al. 2020, arXiv:1912.04958, figure 7 c): blocks of two convolutions that
 * halve the size, the deviation over the minibatch, one more convolution, two linear layers. Sizes are halved by means of
 * 2 × 2 squares. With classes it adds a projection of the last features on the class (arXiv:1802.05637).
 */
export class StyleDiscriminator {
  readonly from: Equalized<Conv2d>;
  readonly blocks: {
    conv1: Equalized<Conv2d>;
    conv2: Equalized<Conv2d>;
    shortcut: Equalized<Conv2d>;
  }[];
  readonly conv: Equalized<Conv2d>;
  readonly dense: Equalized<Linear>;
  readonly out: Equalized<Linear>;
  readonly embed: Equalized<Linear> | undefined;
  readonly classes: number | undefined;
  readonly group: number;

  /** @param options `group`: of `minibatchDeviation`; default 4 */
  constructor(
    key: Key,
    config: Pick<StyleGANConfig, "imageSize" | "imageChannels" | "baseChannels" | "classes">,
    { group = 4 }: { group?: number } = {},
  ) {
    const channels = dcganChannels("StyleDiscriminator", config);
    const base = channels[0] as number;
    const inner = channels.at(-1) as number;
    this.from = conv(foldIn(key, 0), config.imageChannels, base, 1);
    this.blocks = channels.map((to, i) => {
      const before = channels[i - 1] ?? base;
      return {
        conv1: conv(foldIn(key, 10 + 3 * i), before, before, 3),
        conv2: conv(foldIn(key, 11 + 3 * i), before, to, 3),
        shortcut: conv(foldIn(key, 12 + 3 * i), before, to, 1),
      };
    });
    this.conv = conv(foldIn(key, 1), inner + 1, inner, 3);
    this.dense = linear(foldIn(key, 2), innerSize(config.imageSize) ** 2 * inner, inner);
    this.out = linear(foldIn(key, 3), inner, 1);
    this.classes = config.classes;
    this.embed =
      config.classes === undefined ? undefined : linear(foldIn(key, 4), config.classes, inner);
    this.group = group;
  }

  /**
   * @param images [batch, imageSize, imageSize, imageChannels]
   * @param labels int32 [batch], if it was made with classes
   * @returns a logit for each, [batch]; the caller disposes of it
   */
  forward(images: Tensor, _mode: Mode = "inference", labels?: Tensor): Tensor {
    return tidy(() => {
      const features = this.blocks.reduce(
        (x, { conv1, conv2, shortcut }) => {
          const mixed = averagePool(leaky(conv2.forward(leaky(conv1.forward(x)))));
          return mul(Math.SQRT1_2, add(mixed, shortcut.forward(averagePool(x))));
        },
        leaky(this.from.forward(images)),
      );
      const h = leaky(this.conv.forward(minibatchDeviation(features, this.group)));
      const flat = reshape(h, [images.shape[0] as number, -1]);
      const seen = leaky(this.dense.forward(flat));
      const logit = reshape(this.out.forward(seen), [-1]);
      const y = oneHotLabels("StyleDiscriminator.forward", labels, this.classes);
      if (!y || !this.embed) return logit;
      return add(
        logit,
        mul(Math.sqrt(1 / seen.shape[1]!), sum(mul(this.embed.forward(y), seen), 1)),
      );
    });
  }
}
