import { type Key, sub, type Tensor, tidy } from "@gen/tensor";
import { type DiagonalGaussian, klToStandardNormal, reparameterize } from "./diagonal-gaussian.ts";
import type { VAE } from "./vae.ts";

export interface ElboOptions {
  readonly model: VAE;
  /** Data [batch, …]. */
  readonly images: Tensor;
  /** The noise of the latents follows from it. */
  readonly key: Key;
  /** Labels, int32 [batch], for a conditional model: the bound is then one of log p(x | y). */
  readonly condition?: Tensor | undefined;
}

/** In nats for each example, [batch]. */
export type Elbo = {
  /** log p(x | z) − KL: a lower bound of log p(x) in the mean over z. */
  readonly elbo: Tensor;
  readonly logLikelihood: Tensor;
  readonly kl: Tensor;
};

/**
 * The evidence lower bound (Kingma and Welling, arXiv:1312.6114, eq. 3 and 7) with one sample of z for each example
 * and the KL divergence in closed form. Nothing is scaled or left out: its expectation is at most log p(x).
 *
 * @returns the caller disposes of all three
 */
export function elbo(options: ElboOptions): Elbo {
  return tidy(() => {
    const { logLikelihood, kl } = pass(options);
    return { elbo: sub(logLikelihood, kl), logLikelihood, kl };
  });
}

/** One pass through encoder and decoder: what the bound and the losses are made of. Inside a tidy. */
export function pass({ model, images, key, condition }: ElboOptions): Pass {
  const posterior = model.encode(images, condition);
  const z = reparameterize(posterior, key);
  const outputs = model.decoder.forward(z, condition);
  const logLikelihood = model.likelihood.logProbability(images, outputs);
  return { posterior, z, logLikelihood, kl: klToStandardNormal(posterior) };
}

export interface Pass {
  readonly posterior: DiagonalGaussian;
  readonly z: Tensor;
  readonly logLikelihood: Tensor;
  readonly kl: Tensor;
}
