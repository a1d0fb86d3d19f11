import { Linear, type Mode, parameter } from "@gen/nn";
import {
  add,
  concat,
  foldIn,
  type Key,
  mean,
  mul,
  rsqrt,
  square,
  stopGradient,
  sub,
  type Tensor,
  tidy,
  type Variable,
} from "@gen/tensor";
import { Equalized, equalized } from "./equalized.ts";
import { leaky } from "./leaky.ts";
import { oneHotLabels } from "./one-hot-labels.ts";

export interface MappingNetworkOptions {
  /** How many layers; 8, StyleGAN's. StyleGAN2-ADA takes 2 for small images. */
  readonly depth?: number;
  /** Of its layers against all others; 0.01. */
  readonly learningRate?: number;
  /** Makes it conditional: a learnt vector of the class beside z (StyleGAN2-ADA, arXiv:2006.06676, appendix C). */
  readonly classes?: number | undefined;
  /** How much of the mean of w stays at each pass; 0.995, StyleGAN's. */
  readonly decay?: number;
}

/**
 * The mapping network of StyleGAN (Karras et al. 2019, arXiv:1812.04948, section 2): a latent, brought to length √n, goes
 * through fully connected layers and becomes a style w. It keeps the mean of w, which truncation pulls to.
 */
export class MappingNetwork {
  readonly embed: Equalized<Linear> | undefined;
  readonly layers: Equalized<Linear>[];
  readonly classes: number | undefined;
  readonly mean: Variable;
  readonly decay: number;

  /** @param latents numbers of z, and of w */
  constructor(
    key: Key,
    latents: number,
    { depth = 8, learningRate = 0.01, decay = 0.995, classes }: MappingNetworkOptions = {},
  ) {
    const from = classes === undefined ? latents : 2 * latents;
    this.embed =
      classes === undefined
        ? undefined
        : new Equalized(
            new Linear(foldIn(key, depth), classes, latents, { bias: false, init: equalized }),
          );
    this.classes = classes;
    this.layers = Array.from(
      { length: depth },
      (_, i) =>
        new Equalized(
          new Linear(foldIn(key, i), i === 0 ? from : latents, latents, {
            bias: false,
            init: equalized,
          }),
          { learningRate },
        ),
    );
    this.mean = parameter(new Float32Array(latents), [latents], false);
    this.decay = decay;
  }

  /**
   * @param z [batch, latents]
   * @param mode in training, the mean of w moves
   * @param labels int32 [batch], if it was made with classes
   * @returns w [batch, latents]; the caller disposes of it
   */
  forward(z: Tensor, mode: Mode = "inference", labels?: Tensor): Tensor {
    return tidy(() => {
      const y = oneHotLabels("MappingNetwork.forward", labels, this.classes);
      const input = y && this.embed ? concat([unit(z), unit(this.embed.forward(y))], 1) : unit(z);
      const w = this.layers.reduce((x, layer) => leaky(layer.forward(x)), input);
      if (mode === "training") {
        const move = mul(1 - this.decay, sub(mean(stopGradient(w), 0), this.mean));
        this.mean.assign(add(this.mean, move));
      }
      return w;
    });
  }

  /**
   * The truncation trick (arXiv:1812.04948, appendix B): w̄ + ψ(w − w̄). ψ = 1 leaves w as it is, 0 gives the mean.
   *
   * @param w [..., latents]
   * @param psi a number, or a tensor for a compiled function that is called with several
   * @returns the same shape; the caller disposes of it
   */
  truncate(w: Tensor, psi: number | Tensor): Tensor {
    return tidy(() => add(this.mean, mul(psi, sub(w, this.mean))));
  }
}

/** x [batch, n], each brought to length √n. */
function unit(x: Tensor): Tensor {
  return mul(x, rsqrt(add(mean(square(x), 1, true), 1e-8)));
}
