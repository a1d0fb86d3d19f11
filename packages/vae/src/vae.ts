import { type Tensor, tidy } from "@gen/tensor";
import { bernoulli } from "./bernoulli.ts";
import { type DiagonalGaussian, diagonalGaussian } from "./diagonal-gaussian.ts";
import type { Likelihood } from "./likelihood.ts";
import type { Part } from "./part.ts";

/** What a variational autoencoder is made of. */
export interface VAEParts {
  /** Data [batch, …] to means and log-variances of the latents, [batch, …, 2n]. */
  readonly encoder: Part;
  /** Latents [batch, …, n] to what the likelihood takes. */
  readonly decoder: Part;
  /** Default `bernoulli`. */
  readonly likelihood?: Likelihood;
}

/**
 * The variational autoencoder (Kingma and Welling 2013, arXiv:1312.6114; Rezende et al. 2014, arXiv:1401.4082):
 * prior N(0, I), an encoder that gives a diagonal normal distribution, a decoder that gives a likelihood. The encoder
 * goes from data to latents, the decoder from latents to data (the lecture notes have them the other way round once).
 */
export class VAE {
  readonly encoder: Part;
  readonly decoder: Part;
  readonly likelihood: Likelihood;

  constructor({ encoder, decoder, likelihood = bernoulli }: VAEParts) {
    this.encoder = encoder;
    this.decoder = decoder;
    this.likelihood = likelihood;
  }

  /** q(z | x) of each example. The caller disposes of both tensors. */
  encode(x: Tensor, condition?: Tensor): DiagonalGaussian {
    return tidy(() => diagonalGaussian(this.encoder.forward(x, condition)));
  }

  /** The mean of p(x | z): z [batch, …latents] → data. With z from N(0, I), a sample. The caller disposes of it. */
  decode(z: Tensor, condition?: Tensor): Tensor {
    return tidy(() => this.likelihood.mean(this.decoder.forward(z, condition)));
  }
}
