import { rungeKutta } from "./runge-kutta.ts";
import type { Sampler } from "./sampler.ts";
import type { Tableau } from "./tableau.ts";

/** The explicit midpoint rule: two evaluations a step. */
export const midpointTableau: Tableau = { order: 2, c: [0, 1 / 2], a: [[], [1 / 2]], b: [0, 1] };

/**
 * The midpoint rule on the probability-flow ODE: order 2, two evaluations a step, none at the step's end. The middle is
 * that of the path's time; `dpm2` takes it in log σ.
 *
 * @param times falling, one more than steps
 */
export function midpoint(times: readonly number[]): Sampler {
  return rungeKutta("midpoint", midpointTableau, times);
}
