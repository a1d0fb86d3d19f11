import { averagePool, Conv2d, init, Linear, type Mode } from "@gen/nn";
import {
  add,
  foldIn,
  type Key,
  mul,
  relu,
  reshape,
  split,
  sum,
  type Tensor,
  tidy,
} from "@gen/tensor";
import { dcganChannels } from "./dcgan-config.ts";
import { oneHotLabels } from "./one-hot-labels.ts";
import type { ResNetConfig } from "./resnet-config.ts";
import { SpectralNorm } from "./spectral-norm.ts";

const bare = { bias: false, init: init.xavierUniform };

/** Relu (not in the first), convolution, relu, convolution, half the size; around it a convolution 1 × 1. */
export class DiscriminatorBlock {
  readonly conv1: SpectralNorm<Conv2d>;
  readonly conv2: SpectralNorm<Conv2d>;
  readonly shortcut: SpectralNorm<Conv2d>;
  readonly first: boolean;

  /** @param first whether x is the image: then no relu comes before */
  constructor(key: Key, inChannels: number, outChannels: number, first: boolean = false) {
    const conv = (i: number, from: number, size: number): SpectralNorm<Conv2d> => {
      const [layerKey, vectorKey] = split(foldIn(key, i), 2) as [Key, Key];
      return new SpectralNorm(vectorKey, new Conv2d(layerKey, from, outChannels, size, bare));
    };
    this.conv1 = conv(0, inChannels, 3);
    this.conv2 = conv(1, outChannels, 3);
    this.shortcut = conv(2, inChannels, 1);
    this.first = first;
  }

  /** x [batch, height, width, in] → [batch, height/2, width/2, out]. The caller disposes of the result. */
  forward(x: Tensor, mode: Mode): Tensor {
    return tidy(() => {
      const h = this.conv1.forward(this.first ? x : relu(x), mode);
      const mixed = averagePool(this.conv2.forward(relu(h), mode));
      return add(this.shortcut.forward(averagePool(x), mode), mixed);
    });
  }
}

/**
 * The residual discriminator of SNGAN (Miyato et al. 2018, arXiv:1802.05957, appendix B), all layers spectrally
 * normalised. With classes it is the projection discriminator (Miyato and Koyama 2018, arXiv:1802.05637): the
 * logit is ψ(φ(x)) + yᵀV φ(x). Or it tells the class as well (ACGAN, Odena et al. 2017, arXiv:1610.09585).
 */
export class ResNetDiscriminator {
  readonly blocks: DiscriminatorBlock[];
  readonly out: SpectralNorm<Linear>;
  readonly embed: SpectralNorm<Linear> | undefined;
  readonly classifier: SpectralNorm<Linear> | undefined;
  readonly classes: number | undefined;

  constructor(key: Key, config: ResNetConfig) {
    const { imageChannels, classes, head = "projection" } = config;
    const channels = dcganChannels("ResNetDiscriminator", config);
    const width = channels.at(-1) as number;
    const linear = (i: number, from: number, to: number, bias = true): SpectralNorm<Linear> => {
      const [layerKey, vectorKey] = split(foldIn(key, i), 2) as [Key, Key];
      return new SpectralNorm(vectorKey, new Linear(layerKey, from, to, bare), { bias });
    };
    this.blocks = channels.map(
      (to, i) =>
        new DiscriminatorBlock(foldIn(key, 3 + i), channels[i - 1] ?? imageChannels, to, i === 0),
    );
    this.out = linear(0, width, 1);
    const projects = classes !== undefined && head === "projection";
    this.embed = projects ? linear(1, classes, width, false) : undefined;
    this.classifier =
      classes !== undefined && head === "classifier" ? linear(2, width, classes) : undefined;
    this.classes = projects ? classes : undefined;
  }

  /**
   * @param images [batch, imageSize, imageSize, imageChannels] in [−1, 1]
   * @param mode in training, the vectors of the spectral norms are moved
   * @param labels int32 [batch], if it projects on classes; one that classifies takes no notice of them
   * @returns a logit for each, [batch]; the caller disposes of it
   */
  forward(images: Tensor, mode: Mode = "inference", labels?: Tensor): Tensor {
    return tidy(() => {
      const features = this.features(images, mode);
      const logit = reshape(this.out.forward(features, mode), [-1]);
      if (this.classifier) return logit;
      const y = oneHotLabels("ResNetDiscriminator.forward", labels, this.classes);
      if (!y || !this.embed) return logit;
      return add(logit, sum(mul(this.embed.forward(y, mode), features), 1));
    });
  }

  /** What class each image is of: logits [batch, classes]. The caller disposes of the result. */
  classify(images: Tensor, mode: Mode = "inference"): Tensor {
    const { classifier } = this;
    if (!classifier) {
      throw new Error('ResNetDiscriminator.classify: needs { classes, head: "classifier" }');
    }
    return tidy(() => classifier.forward(this.features(images, mode), mode));
  }

  /** Sums over all places, [batch, channels]. */
  private features(images: Tensor, mode: Mode): Tensor {
    return sum(relu(this.blocks.reduce((x, block) => block.forward(x, mode), images)), [1, 2]);
  }
}
