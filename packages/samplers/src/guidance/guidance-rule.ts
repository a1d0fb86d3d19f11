import type { Prediction } from "@gen/schedules";
import { add, mul, sub, type Tensor } from "@gen/tensor";

/**
 * How strong guidance is, in one of its two conventions: `scale` s, v_∅ + s·(v_y - v_∅), where 1 is no guidance; or
 * the paper's and the lectures' `w`, (1 + w)·v_y - w·v_∅, where 0 is no guidance. s = 1 + w.
 */
export type GuidanceStrength = { readonly scale: number } | { readonly w: number };

/**
 * What guidance makes of two predictions for one x. Rules say how, `classifierFree` and `autoguidance` say of which
 * two: any rule goes with any of them, and `rescale` takes a rule and gives one.
 */
export interface GuidanceRule {
  /** The kind of prediction it works on, if the result depends on it. A linear rule works on any alike. */
  readonly prediction?: Prediction;
  /** @param positive what is wanted  @param negative what to move away from, both [batch, …] */
  join(positive: Tensor, negative: Tensor): Tensor;
}

/** The scale s of a strength. @throws if it is not finite */
export function guidanceScale(name: string, strength: GuidanceStrength): number {
  const scale = "scale" in strength ? strength.scale : 1 + strength.w;
  if (!Number.isFinite(scale)) {
    throw new Error(
      `${name}: the strength must be a finite number, { scale } or { w }, got ${JSON.stringify(strength)}`,
    );
  }
  return scale;
}

/** A strength as the linear rule, negative + s·(positive - negative); a rule as it is. */
export function guidanceRule(name: string, given: GuidanceStrength | GuidanceRule): GuidanceRule {
  if ("join" in given) return given;
  const scale = guidanceScale(name, given);
  return {
    join: (positive, negative) => add(negative, mul(sub(positive, negative), scale)),
  };
}
