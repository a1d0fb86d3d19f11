import { add, argMax, cast, div, gumbel, oneHot, softmax, type Tensor, tidy } from "@gen/tensor";
import type { Key } from "@gen/random";
import { straightThrough } from "./straight-through.ts";

export interface GumbelSoftmaxOptions {
  /** Low: close to one-hot, gradients of large variance. Default 1. */
  temperature?: number | Tensor;
  /** One-hot samples with the gradient of the soft ones. Default false. */
  hard?: boolean;
}

/**
 * A draw from the classes as a point of the simplex that is differentiable in the logits: softmax((logits + g) / τ) with
 * g Gumbel (Jang et al. 2017, arXiv:1611.01144; Maddison et al. 2017, arXiv:1611.00712). Its largest entry is a draw
 * from softmax(logits) at any temperature. A temperature that falls in training is a tensor, so that nothing recompiles.
 *
 * @param logits [..., classes]
 * @returns [..., classes], each row summing to 1; the caller disposes of it
 */
export function gumbelSoftmax(
  key: Key,
  logits: Tensor,
  { temperature = 1, hard = false }: GumbelSoftmaxOptions = {},
): Tensor {
  if (typeof temperature === "number" && !(temperature > 0 && temperature < Infinity)) {
    throw new Error(`gumbelSoftmax: temperature must be above 0, got ${temperature}`);
  }
  return tidy(() => {
    const soft = softmax(div(add(logits, gumbel(key, logits.shape)), temperature));
    if (!hard) return soft;
    const classes = logits.shape.at(-1) as number;
    return straightThrough(cast(oneHot(argMax(soft, -1), classes), "float32"), soft);
  });
}
