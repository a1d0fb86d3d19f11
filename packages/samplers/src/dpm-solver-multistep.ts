import { checkEta } from "./ancestral.ts";
import { checkCount, multistep, orderFrom, type StartOptions } from "./multistep.ts";
import type { NoiseSource } from "./noise-source.ts";
import type { Sampler } from "./sampler.ts";
import { halfCurvature, midpointRule, type WeightRule } from "./weight-rule.ts";

export interface DPMSolverMultistepOptions extends StartOptions {
  /** Predictions in a step, 1 to 3. Default 2. */
  readonly order?: 1 | 2 | 3;
  /**
   * How two predictions are weighted: by the paper's `midpointRule`, or by `polynomial("logSnr")`, which others call
   * "heun". Of three, the parabola; `halfCurvature` is the released code's. Default `midpointRule`.
   */
  readonly weights?: WeightRule;
  /** Whether the last steps use lower orders. Default: if there are fewer than 15, as the paper advises. */
  readonly lowerOrderFinal?: boolean;
}

export interface DPMSolverSDEOptions extends DPMSolverMultistepOptions {
  /** The noise, not below 0: 0 is the ODE, 1 the reverse SDE. Default 1. */
  readonly eta?: number;
  /** Where noise comes from. Default `independentNoise`; `brownianTree()` is k-diffusion's. */
  readonly noise?: NoiseSource;
}

/**
 * DPM-Solver++ multistep, (2M) and (3M) (Lu et al. 2022, arXiv:2211.01095, algorithm 2): one evaluation a step, on the
 * predicted data. The third order is the exact integral of the parabola through three predictions; the released code
 * takes half of its curvature (`weights: halfCurvature`), which converges with order 2 only.
 *
 * @param times falling, one more than steps. The step to t = 0 gives the predicted data.
 */
export function dpmSolverPlusPlusMultistep(
  times: readonly number[],
  options: DPMSolverMultistepOptions = {},
): Sampler {
  return solver("dpmSolverPlusPlusMultistep", "data", 0, times, options);
}

/**
 * DPM-Solver multistep (Lu et al. 2022, arXiv:2206.00927, appendix; the reference for 2M): as
 * `dpmSolverPlusPlusMultistep`, on the predicted noise.
 *
 * @param times falling, one more than steps. At pure noise, where a = 0, the step is one on the data.
 */
export function dpmSolverMultistep(
  times: readonly number[],
  options: DPMSolverMultistepOptions = {},
): Sampler {
  return solver("dpmSolverMultistep", "noise", 0, times, options);
}

/**
 * SDE-DPM-Solver++ 1, 2M and 3M (Lu et al. 2022, arXiv:2211.01095, section 6; k-diffusion's DPM++ 2M SDE and 3M SDE):
 * the reverse SDE on the predicted data, one evaluation a step.
 *
 * @param times falling, one more than steps
 * @throws if η is negative
 */
export function sdeDpmSolverPlusPlus(
  times: readonly number[],
  options: DPMSolverSDEOptions = {},
): Sampler {
  return solver("sdeDpmSolverPlusPlus", "data", options.eta ?? 1, times, options);
}

/**
 * SDE-DPM-Solver 1 and 2M (Lu et al. 2022, arXiv:2211.01095, section 6): the reverse SDE on the predicted noise. End its
 * times above 0: its last step adds noise.
 *
 * @param times falling, one more than steps
 * @throws if η is negative
 */
export function sdeDpmSolver(times: readonly number[], options: DPMSolverSDEOptions = {}): Sampler {
  return solver("sdeDpmSolver", "noise", options.eta ?? 1, times, options);
}

function solver(
  name: string,
  kind: "data" | "noise",
  eta: number,
  times: readonly number[],
  options: DPMSolverSDEOptions,
): Sampler {
  const { order = 2, weights = midpointRule, lowerOrderFinal = times.length < 16 } = options;
  const { start, noise } = options;
  checkCount(name, order, 3);
  checkEta(name, eta);
  const reached = Math.min(orderFrom(order, start), weights === halfCurvature ? 2 : order);
  return multistep(name, reached, times, {
    kind,
    order,
    weights,
    lowerOrderFinal,
    eta: () => eta,
    ...(start && { start }),
    ...(noise && { noise }),
  });
}
