import { chain } from "./chain.ts";
import { type DecayMask, decayWeights } from "./decay-weights.ts";
import { type AdamMoments, scaleByAdam } from "./scale-by-adam.ts";
import { scaleByLearningRate } from "./scale-by-learning-rate.ts";
import type { Schedule } from "./schedule.ts";
import type { Transform } from "./transform.ts";

export interface AdamWOptions extends AdamMoments {
  /** 1e-3. */
  learningRate?: number | Schedule | undefined;
  /** Rate of the weight decay, multiplied by the learning rate; 1e-2. */
  weightDecay?: number | undefined;
  /** Which parameters decay; by default those of rank 2 and above. */
  mask?: DecayMask | undefined;
}

/**
 * Adam with decoupled weight decay: Loshchilov & Hutter 2019, algorithm 2, in the form and with the defaults of
 * `torch.optim.AdamW`, except that tensors of rank below 2 do not decay.
 */
export function adamw({
  learningRate = 1e-3,
  weightDecay = 1e-2,
  mask,
  ...moments
}: AdamWOptions = {}): Transform {
  return chain(
    scaleByAdam(moments),
    decayWeights(weightDecay, mask),
    scaleByLearningRate(learningRate),
  );
}
