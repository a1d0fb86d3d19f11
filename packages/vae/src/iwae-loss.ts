import { iwae } from "@gen/probability";
import { mean, mul, type Tensor, tidy } from "@gen/tensor";
import { type ImportanceOptions, importanceWeights } from "./importance-weights.ts";

/**
 * The negative importance-weighted bound of a batch, −log (1/k)Σ w: with one sample the negative ELBO, tighter with
 * more (Burda et al. 2016, arXiv:1509.00519, eq. 8). For `trainStep` of `@gen/train`.
 *
 * @returns a mean over the batch in nats; the caller disposes of it
 */
export function iwaeLoss(options: ImportanceOptions): Record<"loss", Tensor> {
  return tidy(() => ({ loss: mul(mean(iwae(importanceWeights(options))), -1) }));
}
