import { abs, mean, sub, type Tensor } from "@gen/tensor";
import type { Penalty } from "./penalty.ts";

/**
 * |KL − C|: the latents are to carry C nats, no fewer and no more (Burgess et al. 2018, arXiv:1804.03599, eq. 8). The
 * paper raises C from 0 to 25 in training and weighs the penalty by γ = 1000, which is `beta` of `vaeLoss`.
 *
 * @param capacity C in nats; a scalar tensor where it changes, as `scheduled` hands in
 */
export function capacityPenalty(capacity: number | Tensor): Penalty {
  if (typeof capacity === "number" && !(capacity >= 0 && capacity < Infinity)) {
    throw new Error(`capacityPenalty: capacity must be 0 or more nats, got ${capacity}`);
  }
  return ({ kl }) => abs(sub(mean(kl), capacity));
}
