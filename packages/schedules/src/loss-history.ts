import type { Key } from "@gen/random";
import { checkCount } from "./check.ts";
import { independentUniforms, type Uniforms } from "./uniforms.ts";

/** The last losses at each step of a table, oldest first: plain data, to be written into a checkpoint. */
export interface LossHistory {
  /** How many losses are kept for each step. */
  readonly length: number;
  readonly losses: readonly (readonly number[])[];
}

/**
 * An empty history for importance sampling of training steps by the second moment of their losses (Nichol and Dhariwal
 * 2021, arXiv:2102.09672, section 3.3), which evens out the noise of L_vlb.
 *
 * @param steps how many steps the table has
 * @param length how many losses are kept for each. Default 10.
 */
export function lossHistory(steps: number, length = 10): LossHistory {
  checkCount("lossHistory", "steps", steps);
  checkCount("lossHistory", "length", length);
  return { length, losses: Array.from({ length: steps }, () => []) };
}

/**
 * The history after a batch; the one given stays as it is.
 *
 * @param indices the step of each loss, from 0
 * @param losses the unweighted losses
 * @throws if an index is not a step, a loss not finite, or there are more of one than of the other
 */
export function withLosses(
  history: LossHistory,
  indices: ArrayLike<number>,
  losses: ArrayLike<number>,
): LossHistory {
  if (indices.length !== losses.length) {
    throw new Error(
      `withLosses: indices and losses must be as many, got ${indices.length} and ${losses.length}`,
    );
  }
  const next = [...history.losses];
  Array.from(indices).forEach((index, i) => {
    const loss = losses[i] as number;
    const known = next[index];
    if (!known || !Number.isFinite(loss)) {
      throw new Error(
        `withLosses: a step must be in [0, ${next.length - 1}] and its loss finite, got step ${index}, loss ${loss}`,
      );
    }
    next[index] = [...known, loss].slice(-history.length);
  });
  return { ...history, losses: next };
}

/**
 * How often each step is to be trained: in proportion to √(mean of loss²), mixed with a little of the uniform
 * distribution; uniform until every step has a full history.
 *
 * @param options the uniform share, default 0.001
 * @returns probabilities that sum to 1
 */
export function stepProbabilities(
  { length, losses }: LossHistory,
  { uniformShare = 0.001 }: { uniformShare?: number } = {},
): number[] {
  const steps = losses.length;
  if (losses.some((known) => known.length < length)) return losses.map(() => 1 / steps);
  const moments = losses.map((known) =>
    Math.sqrt(known.reduce((sum, loss) => sum + loss * loss, 0) / known.length),
  );
  const total = moments.reduce((sum, moment) => sum + moment, 0);
  return moments.map(
    (moment) => ((1 - uniformShare) * moment) / (total || 1) + uniformShare / steps,
  );
}

/** Steps to train at, and the weights that keep the expected loss what it is with uniform steps. */
export interface WeightedSteps {
  readonly indices: Int32Array;
  readonly weights: Float32Array;
}

/**
 * Draws steps with given probabilities.
 *
 * @param probabilities such as `stepProbabilities(history)`
 * @returns for each of the batch a step, from 0, and the weight 1/(steps·probability) of its loss
 */
export function importanceSteps(
  probabilities: readonly number[],
  key: Key,
  count: number,
  uniforms: Uniforms = independentUniforms,
): WeightedSteps {
  let sum = 0;
  const cumulative = probabilities.map((p) => (sum += p));
  if (!(Math.abs(sum - 1) < 1e-6 && probabilities.every((p) => p >= 0))) {
    throw new Error(
      `importanceSteps: probabilities must not be below 0 and sum to 1, got the sum ${sum}`,
    );
  }
  const indices = Int32Array.from(uniforms(key, count), (u) => {
    const index = cumulative.findIndex((upTo) => u * sum < upTo);
    return index < 0 ? probabilities.length - 1 : index;
  });
  const weights = Float32Array.from(
    indices,
    (index) => 1 / (probabilities.length * (probabilities[index] as number)),
  );
  return { indices, weights };
}
