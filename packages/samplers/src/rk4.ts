import { heun3Tableau } from "./heun3.ts";
import { rungeKutta } from "./runge-kutta.ts";
import type { Sampler } from "./sampler.ts";
import type { Tableau } from "./tableau.ts";

/** The classical method of Runge and Kutta: four evaluations a step. */
export const rk4Tableau: Tableau = {
  order: 4,
  c: [0, 1 / 2, 1 / 2, 1],
  a: [[], [1 / 2], [0, 1 / 2], [0, 0, 1]],
  b: [1 / 6, 1 / 3, 1 / 3, 1 / 6],
};

/**
 * The classical Runge–Kutta method on the probability-flow ODE: order 4, four evaluations a step. A step that ends at
 * t = 0 is one of `heun3`, which does not evaluate there.
 *
 * @param times falling, one more than steps
 */
export function rk4(times: readonly number[]): Sampler {
  return rungeKutta("rk4", rk4Tableau, times, { toZero: heun3Tableau });
}
