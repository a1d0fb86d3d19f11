import { maximum, mean, sum, type Tensor, tidy } from "@gen/tensor";

/**
 * The KL term of a VAE's loss with free bits: Σ_j max(λ, mean over the batch of KL_j). A group of latents that says less
 * than λ nats is not pushed to say nothing (Kingma et al. 2016, arXiv:1606.04934, eq. 15).
 *
 * @param kl [batch, groups] in nats, such as `gaussian(mean, std).kl(prior)` for each latent
 * @param floor λ in nats for each group (0.125 to 2 in the paper; a bit is ln 2 nats)
 * @returns a scalar in nats; the caller disposes of it
 */
export function freeBits(kl: Tensor, floor: number): Tensor {
  if (kl.rank !== 2) throw new Error(`freeBits: kl must be [batch, groups], got [${kl.shape}]`);
  if (!(floor >= 0 && floor < Infinity)) {
    throw new Error(`freeBits: floor must be 0 or more nats, got ${floor}`);
  }
  return tidy(() => sum(maximum(mean(kl, 0), floor)));
}
