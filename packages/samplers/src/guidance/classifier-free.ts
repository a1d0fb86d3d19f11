import { concat, splitTensor, Tensor } from "@gen/tensor";
import type { Denoiser } from "../denoiser.ts";
import { guided } from "./guided.ts";
import {
  type GuidanceRule,
  guidanceRule,
  guidanceScale,
  type GuidanceStrength,
} from "./guidance-rule.ts";

/** A denoiser that knows what no condition is. */
export interface ConditionalDenoiser<C> extends Denoiser<C> {
  /** The condition that says nothing, in the shape of this one. */
  without(condition: C): C;
}

export interface ClassifierFreeOptions<C> {
  /**
   * The condition to move away from, in the shape of the one that is wanted: a negative prompt. Default the denoiser's
   * own `without`: no condition.
   */
  readonly negative?: (condition: C) => C;
}

/**
 * Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598, eq. 6): the prediction is moved away from that
 * without the condition, or with a negative one. Where conditions are tensors of one shape, both predictions come
 * from one call on the doubled batch. It is linear, hence the same for whatever is predicted. Without guidance (s = 1)
 * it is the denoiser itself.
 *
 * @param strength `{ scale }` or `{ w }`, or a rule: `rescale({ scale: 7.5 })`, `adaptiveProjected({ scale: 7.5 })`
 * @returns a denoiser that must be given a condition
 * @throws if the denoiser knows of no condition and no negative one is given, or the strength is not finite
 */
export function classifierFree<C>(
  denoiser: Denoiser<C> | ConditionalDenoiser<C>,
  strength: GuidanceStrength | GuidanceRule,
  options: ClassifierFreeOptions<C> = {},
): Denoiser<C> {
  const rule = guidanceRule("classifierFree", strength);
  const { negative = "without" in denoiser ? denoiser.without : undefined } = options;
  if (!negative) {
    throw new Error(
      "classifierFree: the denoiser does not say what no condition is; train one with conditions and dropout of " +
        "them, give it `without`, or give `negative`",
    );
  }
  if (!("join" in strength) && guidanceScale("classifierFree", strength) === 1) return denoiser;
  return guided(denoiser, rule, (x, t, condition) => {
    if (condition === undefined) {
      throw new Error(
        "classifierFree: needs a condition; pass labels or whatever the model takes to the sampler as `condition`",
      );
    }
    const other = negative(condition);
    const joined = join(condition, other);
    if (!joined) return [denoiser.predict(x, t, condition), denoiser.predict(x, t, other)];
    const both = denoiser.predict(concat([x, x], 0), concat([t, t], 0), joined as C);
    return splitTensor(both, 2, 0) as [Tensor, Tensor];
  });
}

/** Two conditions as one of the doubled batch, if they are tensors of one shape. */
function join(one: unknown, other: unknown): Tensor | undefined {
  if (!(one instanceof Tensor && other instanceof Tensor)) return undefined;
  return one.shape.join() === other.shape.join() ? concat([one, other], 0) : undefined;
}
