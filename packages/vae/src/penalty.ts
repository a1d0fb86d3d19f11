import { mean, type Key, type Tensor } from "@gen/tensor";
import type { DiagonalGaussian } from "./diagonal-gaussian.ts";

/** What a penalty on latents may look at. */
export interface Latents {
  readonly posterior: DiagonalGaussian;
  /** A sample of it, [batch, …latentShape]. */
  readonly z: Tensor;
  /** KL(q(z | x) ‖ N(0, I)) of each example, [batch], in nats. */
  readonly kl: Tensor;
  /** Randomness of its own. */
  readonly key: Key;
}

/** What the reconstruction is weighed against: a scalar in nats, a mean over the batch. Runs inside a tidy. */
export type Penalty = (latents: Latents) => Tensor;

/** The mean KL divergence from the prior: with weight 1, the loss is the negative ELBO. */
export const klPenalty: Penalty = ({ kl }) => mean(kl);
