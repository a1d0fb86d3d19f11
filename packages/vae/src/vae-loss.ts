import { add, mean, mul, type Tensor, tidy } from "@gen/tensor";
import { elbo, type ElboOptions } from "./elbo.ts";

export interface VAELossOptions extends ElboOptions {
  /** Weight of the KL divergence (β-VAE, Higgins et al. 2017). Default 1: the loss is the negative ELBO. */
  readonly beta?: number;
}

/** Scalars in nats: means over the batch. */
export type VAELosses = Record<"loss" | "reconstruction" | "kl", Tensor>;

/**
 * The negative evidence lower bound of a batch, E[−log p(x | z)] + β·KL, for `trainStep` of `@gen/train`.
 *
 * @returns the loss and its two parts; the caller disposes of all
 * @throws if beta is negative
 */
export function vaeLoss({ beta = 1, ...options }: VAELossOptions): VAELosses {
  if (!(beta >= 0)) throw new Error(`vaeLoss: beta must be at least 0, got ${beta}`);
  return tidy(() => {
    const { logLikelihood, kl } = elbo(options);
    const reconstruction = mul(mean(logLikelihood), -1);
    const divergence = mean(kl);
    return { loss: add(reconstruction, mul(divergence, beta)), reconstruction, kl: divergence };
  });
}
