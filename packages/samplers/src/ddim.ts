import { ancestral, type AncestralOptions } from "./ancestral.ts";
import { exponentialEuler } from "./exponential-step.ts";
import type { Sampler } from "./sampler.ts";

/**
 * DDIM (Song et al. 2020, arXiv:2010.02502, eq. 12 and 16) on any path and for any subset of its times: order 1, one
 * evaluation a step. The added noise has η times the standard deviation of the posterior q(x_s | x_t, data), for any
 * stride; the lecture notes' σ² = η·β̃ is equal only for η = 0 and 1. More than all noise is not added: η = ∞ makes new
 * noise at every step, x ← a·data + b·n, the stochastic sampler of few-step flow models.
 *
 * @param times falling, one more than steps
 * @param options η, default 0: the probability-flow ODE
 * @throws if η is negative
 */
export function ddim(times: readonly number[], options: AncestralOptions = {}): Sampler {
  return ancestral("ddim", exponentialEuler, "data", times, { eta: 0, ...options });
}

/**
 * k-diffusion's Euler ancestral: Euler in σ = b/a down below the next level, and noise up to it. It is DDIM with η = 1
 * as the default: the same numbers on any path.
 *
 * @param times falling, one more than steps
 * @throws if η is negative
 */
export function eulerAncestral(times: readonly number[], options: AncestralOptions = {}): Sampler {
  return ancestral("eulerAncestral", exponentialEuler, "data", times, options);
}
