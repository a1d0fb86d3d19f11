import { div, equal, onesLike, type Tensor, where, zerosLike } from "@tensorflow/tfjs-core";
import { stopGradient } from "./stop-gradient.ts";

/**
 * a / b, and 0 where b is 0; broadcasts. As TensorFlow.js's, whose gradient is NaN where b is 0: here it is 0 there.
 *
 * @returns the broadcast shape; the caller disposes of it
 */
export function divNoNan(a: Tensor, b: Tensor): Tensor {
  const zero = stopGradient(equal(b, 0));
  return div(where(zero, zerosLike(a), a), where(zero, onesLike(b), b));
}
