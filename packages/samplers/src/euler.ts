import { type Churn, churned } from "./churn.ts";
import type { Sampler } from "./sampler.ts";
import type { Tableau } from "./tableau.ts";

/** Euler's method: one evaluation a step. */
export const eulerTableau: Tableau = { order: 1, c: [0], a: [[]], b: [1] };

/**
 * Euler's method on the probability-flow ODE: order 1, one evaluation a step. On the rectified-flow path it is the
 * sampler of Liu et al. 2022 (arXiv:2209.03003), x ← x - v·Δt; it is exact in one step where the flow is straight.
 *
 * @param times falling, one more than steps, such as `uniformGrid(50)`
 * @param churn noise as in algorithm 2 of Karras et al. 2022. Default none
 * @throws if the churn is not one
 */
export function euler(times: readonly number[], churn: Churn = {}): Sampler {
  return churned("euler", eulerTableau, times, churn);
}
