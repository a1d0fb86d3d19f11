import { freeBits } from "@gen/probability";
import { klOfEachLatent } from "./diagonal-gaussian.ts";
import type { Penalty } from "./penalty.ts";

/**
 * The KL divergence with free bits: below λ nats in the mean over the batch, a latent is not pushed to say less (Kingma
 * et al. 2016, arXiv:1606.04934, eq. 15).
 *
 * @param floor λ in nats for each latent
 */
export function freeBitsPenalty(floor: number): Penalty {
  if (!(floor >= 0 && floor < Infinity)) {
    throw new Error(`freeBitsPenalty: floor must be 0 or more nats, got ${floor}`);
  }
  return ({ posterior }) => freeBits(klOfEachLatent(posterior), floor);
}
