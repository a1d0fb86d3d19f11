import { checkCount, multistep, orderFrom, type StartOptions } from "./multistep.ts";
import type { Sampler } from "./sampler.ts";
import { evenSteps, polynomial } from "./weight-rule.ts";

export interface AdamsOptions extends StartOptions {
  /** Predictions in a step, 1 to 4. */
  readonly order?: 1 | 2 | 3 | 4;
}

/**
 * k-diffusion's LMS, the linear multistep method of Adams and Bashforth in σ = b/a with the noise predicted: one
 * evaluation a step. Also DEIS with ρAB (Zhang and Chen 2022, arXiv:2204.13902).
 *
 * @param times falling, one more than steps
 * @param options the order, default 4
 */
export function lms(times: readonly number[], options: AdamsOptions = {}): Sampler {
  return noiseMultistep("lms", times, { order: 4, ...options }, polynomial("sigma"));
}

/**
 * DEIS with tAB (Zhang and Chen 2022, arXiv:2204.13902, eq. 14 and 15): the predicted noise as a polynomial in time,
 * integrated exactly. tAB-r is of order r + 1. `weights: polynomial("logSnr")` of `dpmSolverMultistep` is the form with
 * log ρ.
 *
 * @param times falling, one more than steps
 * @param options the order, default 4: tAB3
 */
export function deis(times: readonly number[], options: AdamsOptions = {}): Sampler {
  return noiseMultistep("deis", times, { order: 4, ...options }, polynomial("time"));
}

/**
 * iPNDM (Zhang and Chen 2022, arXiv:2204.13902, appendix H.2): Adams and Bashforth's coefficients for even steps, times
 * DDIM's step, and lower orders to begin with. One evaluation a step. Where σ does not fall evenly, its order is 2.
 *
 * @param times falling, one more than steps
 * @param options the order, default 4
 */
export function ipndm(times: readonly number[], options: AdamsOptions = {}): Sampler {
  const { order = 4, start } = options;
  checkCount("ipndm", order, 4);
  return multistep("ipndm", Math.min(order, 2), times, {
    kind: "noise",
    order,
    weights: evenSteps,
    ...(start && { start }),
  });
}

function noiseMultistep(
  name: string,
  times: readonly number[],
  { order, start }: AdamsOptions & { readonly order: number },
  weights: typeof evenSteps,
): Sampler {
  checkCount(name, order, 4);
  return multistep(name, orderFrom(order, start), times, {
    kind: "noise",
    order,
    weights,
    ...(start && { start }),
  });
}
