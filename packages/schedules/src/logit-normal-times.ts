import { timesOf } from "./time-distribution.ts";
import { logitNormal, type Normal } from "./time-distributions.ts";
import type { TrainingTimes } from "./training-times.ts";

/**
 * Training times that prefer the middle of the path, drawn independently: `timesOf(logitNormal(options))`.
 *
 * @throws if `std` is not a positive number or `mean` not finite
 */
export function logitNormalTimes(options: Normal = {}): TrainingTimes {
  return timesOf(logitNormal(options));
}
