import {
  customGrad,
  exp,
  type GradSaveFunc,
  log,
  max,
  mul,
  sub,
  sum,
  type Tensor,
} from "@tensorflow/tfjs-core";

/**
 * log softmax(x). As TensorFlow.js's, but along any axis, and with derivatives that are right at any order: TensorFlow.js
 * saves the output for the first one, which makes the second wrong.
 *
 * @param axis the axis of the classes; negative ones count from the end
 * @returns the shape of `x`; the caller disposes of it
 */
export function logSoftmax<T extends Tensor>(x: T, axis = -1): T {
  const along = axis < 0 ? axis + x.rank : axis;
  if (!(along >= 0 && along < x.rank)) {
    throw new Error(`logSoftmax: axis must be one of the ${x.rank} axes of x, got ${axis}`);
  }
  const op = customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [logits, save] = args as [Tensor, GradSaveFunc];
    save([logits]);
    const shifted = sub(logits, max(logits, along, true));
    return {
      value: sub(shifted, log(sum(exp(shifted), along, true))),
      gradFunc: (dy: Tensor, saved: Tensor[]) =>
        sub(dy, mul(sum(dy, along, true), exp(logSoftmax(saved[0] as Tensor, along)))),
    };
  });
  return op(x) as T;
}
