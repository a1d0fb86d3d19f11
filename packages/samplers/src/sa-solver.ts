import { multistep, type StartOptions } from "./multistep.ts";
import type { NoiseSource } from "./noise-source.ts";
import type { Sampler } from "./sampler.ts";
import { polynomial } from "./weight-rule.ts";

export interface SASolverOptions extends StartOptions {
  /** Predictions in the predictor. Default 3. */
  readonly predictorOrder?: number;
  /** Predictions in the corrector besides the new one; 0 leaves it out. Default 3. */
  readonly correctorOrder?: number;
  /** τ at a noise level σ = b/a: how much of the reverse SDE's noise there is, not below 0. Default 1 everywhere. */
  readonly tau?: (sigma: number) => number;
  /** Where noise comes from. Default `independentNoise`. */
  readonly noise?: NoiseSource;
}

/**
 * SA-Solver (Xue et al. 2023, arXiv:2309.05019, algorithm 1): stochastic Adams methods on the predicted data, predictor
 * and corrector with the same noise, one evaluation a step. τ is constant within a step, as at its beginning.
 *
 * @param times falling, one more than steps
 * @throws if τ is negative or an order not an integer
 */
export function saSolver(times: readonly number[], options: SASolverOptions = {}): Sampler {
  const { predictorOrder = 3, correctorOrder = 3, tau = () => 1, start, noise } = options;
  const order = correctorOrder > 0 ? Math.min(predictorOrder, correctorOrder) + 1 : predictorOrder;
  const begun = correctorOrder > 0 ? 3 : 2;
  return multistep("saSolver", Math.min(order, start ? start.order : begun), times, {
    kind: "data",
    order: predictorOrder,
    weights: polynomial("logSnr"),
    ...(correctorOrder > 0 && {
      corrector: { order: correctorOrder, weights: polynomial("logSnr") },
    }),
    eta: ({ a, b }) => {
      const strength = tau(b / a);
      if (strength >= 0) return strength ** 2;
      throw new Error(
        `saSolver: tau must be a number not below 0, got ${strength} at σ = ${b / a}`,
      );
    },
    ...(start && { start }),
    ...(noise && { noise }),
  });
}
