import { BatchNorm2d, Conv2d, init, Linear, type Mode } from "@gen/nn";
import {
  add,
  concat,
  foldIn,
  type Key,
  leakyRelu,
  mul,
  reshape,
  sum,
  type Tensor,
  tidy,
  tile,
} from "@gen/tensor";
import { oneHotLabels } from "./one-hot-labels.ts";
import { type DCGANConfig, dcganChannels, innerSize } from "./dcgan-config.ts";

/**
 * The discriminator of DCGAN (Radford et al. 2015, arXiv:1511.06434, section 3): convolutions 4 × 4 of stride 2 down to
 * 4 × 4 pixels, batch norm after each but the first, leaky relu of slope 0.2, and one logit from all that is left.
 */
export class DCGANDiscriminator {
  readonly down: Conv2d[];
  readonly norms: BatchNorm2d[];
  readonly out: Linear;
  /** What the class is projected with. */
  readonly embed: Linear | undefined;
  readonly classes: number | undefined;

  constructor(key: Key, config: DCGANConfig) {
    const channels = dcganChannels("DCGANDiscriminator", config);
    const { imageChannels, classes, norm = "batch", condition = "channels" } = config;
    const projects = classes !== undefined && condition === "projection";
    const inChannels = imageChannels + (projects ? 0 : (classes ?? 0));
    const options = { init: init.normal(0.02) };
    this.down = channels.map(
      (to, i) =>
        new Conv2d(foldIn(key, i), channels[i - 1] ?? inChannels, to, 4, {
          ...options,
          stride: 2,
          bias: i === 0 || norm === "none",
        }),
    );
    this.norms = norm === "batch" ? channels.slice(1).map((width) => new BatchNorm2d(width)) : [];
    this.classes = classes;
    const inner = channels.at(-1) as number;
    const size = innerSize(config.imageSize);
    const features = size ** 2 * inner;
    this.out = new Linear(foldIn(key, channels.length), features, 1, options);
    this.embed = projects
      ? new Linear(foldIn(key, channels.length + 1), classes, features, { ...options, bias: false })
      : undefined;
  }

  /**
   * @param images [batch, imageSize, imageSize, imageChannels] in [−1, 1]
   * @param labels int32 [batch], if it was made with classes
   * @returns a logit for each, [batch]: above 0 for «real»; the caller disposes of it
   */
  forward(images: Tensor, mode: Mode = "inference", labels?: Tensor): Tensor {
    return tidy(() => {
      const y = oneHotLabels("DCGANDiscriminator.forward", labels, this.classes);
      const [batch, height, width] = images.shape as [number, number, number];
      const input =
        y && !this.embed
          ? concat([images, tile(reshape(y, [batch, 1, 1, -1]), [1, height, width, 1])], 3)
          : images;
      const h = this.down.reduce((x, down, i) => {
        const mixed = down.forward(x);
        return leakyRelu(this.norms[i - 1]?.forward(mixed, mode) ?? mixed, 0.2);
      }, input);
      const seen = reshape(h, [batch, -1]);
      const logit = reshape(this.out.forward(seen), [-1]);
      return y && this.embed ? add(logit, sum(mul(this.embed.forward(y), seen), 1)) : logit;
    });
  }
}
