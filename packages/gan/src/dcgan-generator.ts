import { BatchNorm2d, ConvTranspose2d, init, Linear, type Mode } from "@gen/nn";
import { concat, foldIn, type Key, relu, reshape, tanh, type Tensor, tidy } from "@gen/tensor";
import { oneHotLabels } from "./one-hot-labels.ts";
import type { Given } from "./players.ts";
import { type DCGANConfig, dcganChannels, innerSize } from "./dcgan-config.ts";

/**
 * The generator of DCGAN (Radford et al. 2015, arXiv:1511.06434, section 3 and figure 1): a latent is projected to
 * 4 × 4 pixels, and transposed convolutions 4 × 4 of stride 2 double them; batch norm and relu after each but the
 * last, which ends in tanh. Weights start normal with deviation 0.02 (section 4). At 64 pixels with 128 base channels it
 * is the paper's. (The paper's figure shows kernels of 5; 4, which stride 2 divides, is what its successors take.)
 */
export class DCGANGenerator {
  readonly project: Linear;
  readonly norms: BatchNorm2d[];
  readonly up: ConvTranspose2d[];
  readonly latents: number;
  readonly classes: number | undefined;
  readonly channels: readonly number[];
  /** Height and width of the first layer. */
  readonly size: number;

  constructor(key: Key, config: DCGANConfig) {
    const { latents = 100, imageChannels, classes } = config;
    const channels = dcganChannels("DCGANGenerator", config).toReversed();
    const options = { init: init.normal(0.02) };
    this.size = innerSize(config.imageSize);
    this.project = new Linear(
      foldIn(key, 0),
      latents + (classes ?? 0),
      this.size ** 2 * (channels[0] as number),
      {
        ...options,
        bias: false, // the norm has one
      },
    );
    this.norms = channels.map((width) => new BatchNorm2d(width));
    this.up = channels.map(
      (from, i) =>
        new ConvTranspose2d(foldIn(key, i + 1), from, channels[i + 1] ?? imageChannels, 4, {
          ...options,
          stride: 2,
          padding: 1,
          bias: i === channels.length - 1,
        }),
    );
    this.latents = latents;
    this.classes = classes;
    this.channels = channels;
  }

  /**
   * @param z [batch, latents], standard normal
   * @param mode of its batch norms: in training they take in the statistics of the batch
   * @param given `labels`, if it was made with classes
   * @returns images [batch, imageSize, imageSize, imageChannels] in [−1, 1]; the caller disposes of it
   */
  forward(z: Tensor, mode: Mode = "inference", { labels }: Given = {}): Tensor {
    return tidy(() => {
      const y = oneHotLabels("DCGANGenerator.forward", labels, this.classes);
      const input = y ? concat([z, y], 1) : z;
      const { size, channels } = this;
      const first = reshape(this.project.forward(input), [-1, size, size, channels[0] as number]);
      return tanh(
        this.up.reduce(
          (h, up, i) => up.forward(relu((this.norms[i] as BatchNorm2d).forward(h, mode))),
          first,
        ),
      );
    });
  }
}
