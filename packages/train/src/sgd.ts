import { chain } from "./chain.ts";
import { momentum } from "./momentum.ts";
import { scaleByLearningRate } from "./scale-by-learning-rate.ts";
import type { Schedule } from "./schedule.ts";
import type { Transform } from "./transform.ts";

export interface SgdOptions {
  learningRate: number | Schedule;
  /** Decay of the momentum; 0, none. */
  momentum?: number | undefined;
  /** false. */
  nesterov?: boolean | undefined;
}

/** Stochastic gradient descent, with momentum where asked for: equal to `torch.optim.SGD`. */
export function sgd({
  learningRate,
  momentum: decay = 0,
  nesterov = false,
}: SgdOptions): Transform {
  if (nesterov && decay === 0) {
    throw new Error("sgd: nesterov needs a momentum above 0, got 0; give one, such as 0.9");
  }
  const descent = scaleByLearningRate(learningRate);
  return decay === 0 ? descent : chain(momentum(decay, { nesterov }), descent);
}
