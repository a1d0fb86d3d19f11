import { chain } from "./chain.ts";
import { type AdamMoments, scaleByAdam } from "./scale-by-adam.ts";
import { scaleByLearningRate } from "./scale-by-learning-rate.ts";
import type { Schedule } from "./schedule.ts";
import type { Transform } from "./transform.ts";

export interface AdamOptions extends AdamMoments {
  /** 1e-3, the paper's. */
  learningRate?: number | Schedule | undefined;
}

/** Adam: Kingma & Ba 2015, equal to `torch.optim.Adam`. */
export function adam({ learningRate = 1e-3, ...moments }: AdamOptions = {}): Transform {
  return chain(scaleByAdam(moments), scaleByLearningRate(learningRate));
}
