import { type Key, uniformArray } from "@gen/random";

/** Training times uniform in [0, 1): a `TrainingTimes`. */
export function uniformTimes(key: Key, count: number): Float32Array {
  return uniformArray(key, count);
}
