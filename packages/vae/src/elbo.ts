import { type Key, sub, type Tensor, tidy } from "@gen/tensor";
import { klToStandardNormal, reparameterize } from "./diagonal-gaussian.ts";
import type { VAE } from "./vae.ts";

export interface ElboOptions {
  readonly model: VAE;
  /** Data [batch, …]. */
  readonly images: Tensor;
  /** The noise of the latents follows from it. */
  readonly key: Key;
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
export function elbo({ model, images, key }: ElboOptions): Elbo {
  return tidy(() => {
    const posterior = model.encode(images);
    const outputs = model.decoder.forward(reparameterize(posterior, key));
    const logLikelihood = model.likelihood.logProbability(images, outputs);
    const kl = klToStandardNormal(posterior);
    return { elbo: sub(logLikelihood, kl), logLikelihood, kl };
  });
}
