import { rungeKutta } from "./runge-kutta.ts";
import type { Sampler } from "./sampler.ts";
import type { Tableau } from "./tableau.ts";

/** Ralston's method: two evaluations a step, with the least bound on its error among those of order 2. */
export const ralstonTableau: Tableau = {
  order: 2,
  c: [0, 2 / 3],
  a: [[], [2 / 3]],
  b: [1 / 4, 3 / 4],
};

/**
 * Ralston's method (1962) on the probability-flow ODE: order 2, two evaluations a step, none at the step's end.
 *
 * @param times falling, one more than steps
 */
export function ralston(times: readonly number[]): Sampler {
  return rungeKutta("ralston", ralstonTableau, times);
}
