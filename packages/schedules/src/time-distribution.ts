import type { Key } from "@gen/random";
import { independentUniforms, type Uniforms } from "./uniforms.ts";
import type { TrainingTimes } from "./training-times.ts";

/** A distribution of training times, or of noise levels σ. */
export interface TimeDistribution {
  readonly name: string;
  /** The time below which a share u of all lies, for u in (0, 1): rising. */
  quantile(u: number): number;
  /** The probability density at a time; 0 where there are none. */
  density(t: number): number;
}

/**
 * Draws from a distribution. How the uniform numbers behind it are drawn is another matter: independently, or spread
 * evenly over each batch.
 *
 * @param uniforms `independentUniforms` (the default), `stratifiedUniforms` or `lowDiscrepancyUniforms`
 */
export function timesOf(
  distribution: TimeDistribution,
  uniforms: Uniforms = independentUniforms,
): TrainingTimes {
  return (key: Key, count: number) =>
    Float32Array.from(uniforms(key, count), (u) => distribution.quantile(u));
}
