import { eulerTableau } from "./euler.ts";
import { rungeKutta } from "./runge-kutta.ts";
import type { Sampler } from "./sampler.ts";
import type { Tableau } from "./tableau.ts";

/** Heun's method, the explicit trapezoidal rule: two evaluations a step. */
export const heunTableau: Tableau = { order: 2, c: [0, 1], a: [[], [1]], b: [0.5, 0.5] };

/**
 * Heun's method on the probability-flow ODE: order 2, two evaluations a step and one in a step that ends at t = 0,
 * which is an Euler step (Karras et al. 2022, arXiv:2206.00364, algorithm 1): 2·steps - 1 in all. It is algorithm 2
 * without churn, not the Heun of three stages.
 *
 * @param times falling, one more than steps, such as `uniformGrid(25)`
 */
export function heun(times: readonly number[]): Sampler {
  return rungeKutta("heun", heunTableau, times, { toZero: eulerTableau });
}
