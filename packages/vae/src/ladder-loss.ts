import { add, addN, type Key, mean, mul, sub, type Tensor, tidy } from "@gen/tensor";
import type { Elbo } from "./elbo.ts";
import type { LadderVAE } from "./ladder-vae.ts";
import { checkBeta, type VAELosses } from "./vae-loss.ts";

export interface LadderElboOptions {
  readonly model: LadderVAE;
  /** Data [batch, …]. */
  readonly images: Tensor;
  readonly key: Key;
}

/** As `Elbo`, with the divergence of each level beside their sum. */
export type LadderElbo = Elbo & { readonly levels: Tensor[] };

/**
 * log p(x | z₁) − Σ KL(q(z_i | …) ‖ p(z_i | z_(i+1))) with one sample of the latents (Sønderby et al. 2016,
 * arXiv:1602.02282, eq. 5): at most log p(x) in expectation.
 *
 * @returns each [batch], in nats; the caller disposes of all
 */
export function ladderElbo({ model, images, key }: LadderElboOptions): LadderElbo {
  return tidy(() => {
    const { latents, kl: levels } = model.encode(images, key);
    const outputs = model.decoder.forward(latents[0] as Tensor);
    const logLikelihood = model.likelihood.logProbability(images, outputs);
    const kl = addN(levels);
    return { elbo: sub(logLikelihood, kl), logLikelihood, kl, levels };
  });
}

export interface LadderLossOptions extends LadderElboOptions {
  /** Weight of the divergences; the paper raises it from 0 to 1, so that upper levels do not die. Default 1. */
  readonly beta?: number | Tensor;
}

/**
 * The negative mean of `ladderElbo`, for `trainStep` of `@gen/train`.
 *
 * @returns scalars in nats, and `kl1`, `kl2`, … of each level; the caller disposes of all
 */
export function ladderLoss({
  beta = 1,
  ...options
}: LadderLossOptions): VAELosses & Record<string, Tensor> {
  checkBeta("ladderLoss", beta);
  return tidy(() => {
    const { logLikelihood, kl, levels } = ladderElbo(options);
    const reconstruction = mul(mean(logLikelihood), -1);
    const divergence = mean(kl);
    return {
      loss: add(reconstruction, mul(divergence, beta)),
      reconstruction,
      kl: divergence,
      ...Object.fromEntries(levels.map((level, i) => [`kl${i + 1}`, mean(level)])),
    };
  });
}
