import { chain } from "./chain.ts";
import { type DecayMask, decayWeights } from "./decay-weights.ts";
import { type LionMoments, scaleByLion } from "./scale-by-lion.ts";
import { scaleByLearningRate } from "./scale-by-learning-rate.ts";
import type { Schedule } from "./schedule.ts";
import type { Transform } from "./transform.ts";

export interface LionOptions extends LionMoments {
  /** 1e-4; Lion wants 3 to 10 times less than Adam. */
  learningRate?: number | Schedule | undefined;
  /** Rate of the weight decay, multiplied by the learning rate; 0. Lion wants 3 to 10 times more than AdamW. */
  weightDecay?: number | undefined;
  /** Which parameters decay; by default those of rank 2 and above. */
  mask?: DecayMask | undefined;
}

/** Lion: Chen et al. 2023, «Symbolic discovery of optimization algorithms», algorithm 2. */
export function lion({
  learningRate = 1e-4,
  weightDecay = 0,
  mask,
  ...moments
}: LionOptions = {}): Transform {
  return chain(
    scaleByLion(moments),
    decayWeights(weightDecay, mask),
    scaleByLearningRate(learningRate),
  );
}
