import { add, foldIn, mean, mul, type Tensor, tidy } from "@gen/tensor";
import { type ElboOptions, pass } from "./elbo.ts";
import { klPenalty, type Penalty } from "./penalty.ts";

export interface VAELossOptions extends ElboOptions {
  /** Weight of the penalty (β-VAE, Higgins et al. 2017); a scalar tensor where it changes in training. Default 1. */
  readonly beta?: number | Tensor;
  /** Default `klPenalty`: with β = 1 the loss is the negative ELBO. */
  readonly penalty?: Penalty;
}

/** Scalars in nats: means over the batch. */
export type VAELosses = Record<"loss" | "reconstruction" | "kl", Tensor>;

/**
 * E[−log p(x | z)] + β·penalty of a batch, for `trainStep` of `@gen/train`.
 *
 * @returns the loss, the first part, and the KL divergence whatever the penalty; the caller disposes of all
 * @throws if beta is negative
 */
export function vaeLoss({ beta = 1, penalty = klPenalty, ...options }: VAELossOptions): VAELosses {
  checkBeta("vaeLoss", beta);
  return tidy(() => {
    const { logLikelihood, ...latents } = pass(options);
    const reconstruction = mul(mean(logLikelihood), -1);
    const penalised = penalty({ ...latents, key: foldIn(options.key, 1) });
    const loss = add(reconstruction, mul(penalised, beta));
    return { loss, reconstruction, kl: mean(latents.kl) };
  });
}

/** Refuses a weight that is a negative number; tensors are not read. */
export function checkBeta(name: string, beta: number | Tensor): void {
  if (typeof beta === "number" && !(beta >= 0)) {
    throw new Error(`${name}: beta must be at least 0, got ${beta}`);
  }
}
