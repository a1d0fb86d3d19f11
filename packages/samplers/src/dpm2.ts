import { ancestral, type AncestralOptions } from "./ancestral.ts";
import { exponentialMidpoint } from "./exponential-step.ts";
import type { Sampler } from "./sampler.ts";

/**
 * k-diffusion's DPM2 (algorithm 2 of Karras et al. 2022 with the middle in log σ): order 2, two evaluations a step. It
 * is DPM-Solver-2 of Lu et al. 2022 with r₁ = 1/2. The step to t = 0 is Euler's.
 *
 * @param times falling, one more than steps
 */
export function dpm2(times: readonly number[]): Sampler {
  return ancestral("dpm2", exponentialMidpoint, "noise", times, { eta: 0 });
}

/**
 * k-diffusion's DPM2 ancestral: DPM2 down below the next level, and noise up to it.
 *
 * @param times falling, one more than steps
 * @throws if η is negative
 */
export function dpm2Ancestral(times: readonly number[], options: AncestralOptions = {}): Sampler {
  return ancestral("dpm2Ancestral", exponentialMidpoint, "noise", times, options);
}
