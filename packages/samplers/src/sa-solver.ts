import { byHalf, checkVariant } from "./by-half.ts";
import { multistep, type StartOptions } from "./multistep.ts";
import type { NoiseSource } from "./noise-source.ts";
import type { Sampler } from "./sampler.ts";
import { polynomial, type WeightRule } from "./weight-rule.ts";

export interface SASolverOptions extends StartOptions {
  /** Predictions in the predictor. Default 3. */
  readonly predictorOrder?: number;
  /** Predictions in the corrector besides the new one; 0 leaves it out. Default 3. */
  readonly correctorOrder?: number;
  /** τ at a noise level σ = b/a: how much of the reverse SDE's noise there is, not below 0. Default 1 everywhere. */
  readonly tau?: (sigma: number) => number;
  /**
   * How two predictions are weighted: with UniPC's B(h), of which `bh1` is the released code's (diffusers', too). Default:
   * as any number of them, by the integral of their polynomial, the paper's.
   */
  readonly variant?: "bh1" | "bh2";
  /** Whether the last steps use lower orders, the last one 1. Default false. */
  readonly lowerOrderFinal?: boolean;
  /** Where noise comes from. Default `independentNoise`. */
  readonly noise?: NoiseSource;
}

/**
 * SA-Solver (Xue et al. 2023, arXiv:2309.05019, algorithm 1): stochastic Adams methods on the predicted data, predictor
 * and corrector with the same noise, one evaluation a step. τ is constant within a step, as at its beginning.
 *
 * @param times falling, one more than steps
 * @throws if τ is negative, an order not an integer, or there is no such variant
 */
export function saSolver(times: readonly number[], options: SASolverOptions = {}): Sampler {
  const { predictorOrder = 3, correctorOrder = 3, tau = () => 1, start, noise } = options;
  const { variant, lowerOrderFinal = false } = options;
  if (variant !== undefined) checkVariant("saSolver", variant);
  const weights = (role: "predictor" | "corrector"): WeightRule =>
    variant ? byHalf(variant, role) : polynomial("logSnr");
  const order = correctorOrder > 0 ? Math.min(predictorOrder, correctorOrder) + 1 : predictorOrder;
  const begun = correctorOrder > 0 ? 3 : 2;
  return multistep("saSolver", Math.min(order, start ? start.order : begun), times, {
    kind: "data",
    order: predictorOrder,
    lowerOrderFinal,
    weights: weights("predictor"),
    ...(correctorOrder > 0 && {
      corrector: { order: correctorOrder, weights: weights("corrector") },
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
