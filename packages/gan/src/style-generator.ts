import { type Mode, parameter } from "@gen/nn";
import {
  add,
  draw,
  expandDims,
  foldIn,
  type Key,
  mul,
  normal,
  normalArray,
  squeeze,
  splitTensor,
  sub,
  type Tensor,
  tidy,
  tile,
  uniformArray,
  type Variable,
} from "@gen/tensor";
import { upsampleBilinear } from "./bilinear.ts";
import { channelsOfSizes, innerSize } from "./dcgan-config.ts";
import { MappingNetwork, type MappingNetworkOptions } from "./mapping-network.ts";
import type { Given } from "./players.ts";
import {
  InstanceNormLayer,
  ModulatedLayer,
  pixelNoise,
  type StyledConvolution,
  ToColours,
} from "./style-layer.ts";

export interface StyleGANConfig {
  /** Height and width of the images: 4, 5, 6 or 7 times a power of 2, at least 8. */
  readonly imageSize: number;
  readonly imageChannels: number;
  /** Numbers of a latent and of a style; 512. */
  readonly latents?: number;
  /** Channels at half the image's size; inwards they double with every halving. Default 64. */
  readonly baseChannels?: number;
  readonly mapping?: Omit<MappingNetworkOptions, "classes">;
  /** Makes the players conditional: by the mapping network, and by a projection of the discriminator's features. */
  readonly classes?: number | undefined;
  /** "weights": StyleGAN2's modulated convolution; "adain": StyleGAN's instance norm. Default "weights". */
  readonly styles?: "weights" | "adain";
  /** How often a training image has two styles; 0.9, the paper's. */
  readonly mixing?: number;
}

/** One size: convolutions with styles, and what they add to the image. */
interface SynthesisBlock {
  readonly convs: StyledConvolution[];
  readonly colours: ToColours;
}

/**
 * StyleGAN2's generator (Karras et al. 2020, arXiv:1912.04958, figures 2 d and 7 b): a mapping network, a learnt constant
 * of 4 × 4 pixels, two convolutions with styles and noise at each size, and an image summed over the sizes. With
 * `styles: "adain"` its convolutions are StyleGAN's (arXiv:1812.04948). In training some images have two styles, one from
 * a random layer on (style mixing, section 3.1 there).
 */
export class StyleGenerator {
  readonly mapping: MappingNetwork;
  readonly constant: Variable;
  readonly blocks: SynthesisBlock[];
  readonly latents: number;
  /** Height and width of the constant. */
  readonly size: number;
  readonly mixing: number;
  /** How many styles an image takes: two for each size. */
  readonly styles: number;

  constructor(key: Key, config: StyleGANConfig) {
    const { latents = 512, imageChannels, styles = "weights", mixing = 0.9, classes } = config;
    if (!(mixing >= 0 && mixing <= 1)) {
      throw new Error(`StyleGenerator: mixing must be in [0, 1], got ${mixing}`);
    }
    const channels = channelsOfSizes("StyleGenerator", config);
    const inner = channels[0] as number;
    const Layer = styles === "weights" ? ModulatedLayer : InstanceNormLayer;
    this.mapping = new MappingNetwork(foldIn(key, 0), latents, { ...config.mapping, classes });
    this.size = innerSize(config.imageSize);
    const constant = normalArray(foldIn(key, 1), this.size ** 2 * inner);
    this.constant = parameter(constant, [1, this.size, this.size, inner]);
    this.blocks = channels.map((to, i) => {
      const layer = (n: number, from: number): StyledConvolution =>
        new Layer(foldIn(key, 10 + 3 * i + n), latents, from, to);
      return {
        convs: i === 0 ? [layer(0, to)] : [layer(0, channels[i - 1] as number), layer(1, to)],
        colours: new ToColours(foldIn(key, 12 + 3 * i), latents, to, imageChannels),
      };
    });
    this.latents = latents;
    this.mixing = mixing;
    this.styles = 2 * channels.length;
  }

  /**
   * z [batch, latents] → images [batch, imageSize, imageSize, imageChannels], about [−1, 1]. The caller disposes of the
   * result.
   *
   * @param given `labels`, if it was made with classes; `key` of the noise, and of the mixing in training: without it
   *   there is neither
   */
  forward(z: Tensor, mode: Mode = "inference", { labels, key }: Given = {}): Tensor {
    return tidy(() => {
      const ws = this.spread(this.mapping.forward(z, mode, labels));
      const mixed = key && mode === "training" ? this.mix(ws, foldIn(key, 0), labels) : ws;
      return this.synthesize(mixed, key && foldIn(key, 1));
    });
  }

  /** One style for all layers: w [batch, latents] → [batch, styles, latents]. The caller disposes of the result. */
  spread(w: Tensor): Tensor {
    return tidy(() => tile(expandDims(w, 1), [1, this.styles, 1]));
  }

  /**
   * Images of styles.
   *
   * @param ws [batch, styles, latents]
   * @param key of the noise; without it there is none
   * @returns the caller disposes of it
   */
  synthesize(ws: Tensor, key?: Key): Tensor {
    if (ws.rank !== 3 || ws.shape[1] !== this.styles || ws.shape[2] !== this.latents) {
      throw new Error(
        `StyleGenerator.synthesize: ws must be [batch, ${this.styles}, ${this.latents}], got [${ws.shape.join(", ")}]`,
      );
    }
    return tidy(() => {
      const w = splitTensor(ws, this.styles, 1).map((style) => squeeze(style, [1]));
      let x: Tensor = tile(this.constant, [ws.shape[0] as number, 1, 1, 1]);
      let image: Tensor | undefined;
      let layer = 0;
      for (const [i, { convs, colours }] of this.blocks.entries()) {
        if (i > 0) x = upsampleBilinear(x);
        for (const conv of convs) {
          const noise = pixelNoise(key && foldIn(key, layer), x, this.size * 2 ** i);
          x = conv.forward(x, w[layer++] as Tensor, noise);
        }
        // The next size's first convolution shares this style.
        image = colours.forward(x, w[layer] as Tensor, image);
      }
      return image as Tensor;
    });
  }

  /** Another style from a random layer on, in as many images as `mixing` says. */
  private mix(ws: Tensor, key: Key, labels: Tensor | undefined): Tensor {
    const [batch] = ws.shape as [number];
    const first = draw(foldIn(key, 0), [batch, this.styles, 1], (k, rows) => {
      const chances = uniformArray(k, 2 * rows);
      return Float32Array.from({ length: rows * this.styles }, (_, i) => {
        const b = Math.floor(i / this.styles);
        if ((chances[2 * b] as number) >= this.mixing) return 1;
        const cut = 1 + Math.floor((chances[2 * b + 1] as number) * (this.styles - 1));
        return i % this.styles < cut ? 1 : 0;
      });
    });
    const z = normal(foldIn(key, 1), [batch, this.latents]);
    const others = this.spread(this.mapping.forward(z, "inference", labels));
    return add(mul(first, ws), mul(sub(1, first), others));
  }
}
