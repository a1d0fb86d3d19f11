import { type Churn, churned } from "./churn.ts";
import { eulerTableau } from "./euler.ts";
import type { Sampler } from "./sampler.ts";
import type { Tableau } from "./tableau.ts";

/** Heun's method, the explicit trapezoidal rule: two evaluations a step. */
export const heunTableau: Tableau = { order: 2, c: [0, 1], a: [[], [1]], b: [0.5, 0.5] };

/**
 * Heun's method on the probability-flow ODE: order 2, two evaluations a step and one in a step that ends at t = 0,
 * which is an Euler step (Karras et al. 2022, arXiv:2206.00364, algorithm 1): 2·steps - 1 in all. With churn it is
 * their algorithm 2. It is not the Heun of three stages, `heun3`.
 *
 * @param times falling, one more than steps, such as `uniformGrid(25)`
 * @param churn the noise of algorithm 2. Default none
 * @throws if the churn is not one
 */
export function heun(times: readonly number[], churn: Churn = {}): Sampler {
  return churned("heun", heunTableau, times, churn, eulerTableau);
}
