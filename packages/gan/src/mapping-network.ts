import { Linear, type Mode, parameter } from "@gen/nn";
import {
  add,
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

export interface MappingNetworkOptions {
  /** How many layers; 8, StyleGAN's. StyleGAN2-ADA takes 2 for small images. */
  readonly depth?: number;
  /** Of its layers against all others; 0.01. */
  readonly learningRate?: number;
  /** How much of the mean of w stays at each pass; 0.995, StyleGAN's. */
  readonly decay?: number;
}

/**
 * The mapping network of StyleGAN (Karras et al. 2019, arXiv:1812.04948, section 2): a latent, brought to length √n, goes
 * through fully connected layers and becomes a style w. It keeps the mean of w, which truncation pulls to.
 */
export class MappingNetwork {
  readonly layers: Equalized<Linear>[];
  readonly mean: Variable;
  readonly decay: number;

  /** @param latents numbers of z, and of w */
  constructor(
    key: Key,
    latents: number,
    { depth = 8, learningRate = 0.01, decay = 0.995 }: MappingNetworkOptions = {},
  ) {
    this.layers = Array.from(
      { length: depth },
      (_, i) =>
        new Equalized(
          new Linear(foldIn(key, i), latents, latents, { bias: false, init: equalized }),
          { learningRate },
        ),
    );
    this.mean = parameter(new Float32Array(latents), [latents], false);
    this.decay = decay;
  }

  /**
   * @param z [batch, latents]
   * @param mode in training, the mean of w moves
   * @returns w [batch, latents]; the caller disposes of it
   */
  forward(z: Tensor, mode: Mode = "inference"): Tensor {
    return tidy(() => {
      const unit = mul(z, rsqrt(add(mean(square(z), 1, true), 1e-8)));
      const w = this.layers.reduce((x, layer) => leaky(layer.forward(x)), unit);
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
   * @returns the same shape; the caller disposes of it
   */
  truncate(w: Tensor, psi: number): Tensor {
    return tidy(() => add(this.mean, mul(psi, sub(w, this.mean))));
  }
}
