import { rungeKutta } from "./runge-kutta.ts";
import type { Sampler } from "./sampler.ts";
import type { Tableau } from "./tableau.ts";

/** Heun's method of order 3: three evaluations a step, none at the step's end. */
export const heun3Tableau: Tableau = {
  order: 3,
  c: [0, 1 / 3, 2 / 3],
  a: [[], [1 / 3], [0, 2 / 3]],
  b: [1 / 4, 0, 3 / 4],
};

/**
 * Heun's method of order 3 on the probability-flow ODE (`heun3` of torchdiffeq): three evaluations a step.
 *
 * @param times falling, one more than steps
 */
export function heun3(times: readonly number[]): Sampler {
  return rungeKutta("heun3", heun3Tableau, times);
}
