import type { Evaluator, Term } from "./evaluator.ts";
import { defineSampler } from "./define-sampler.ts";
import type { Kind } from "./exponential.ts";
import { endsOf, type ExponentialTableau, exponentialStep } from "./exponential-step.ts";
import { independentNoise, type NoiseSource } from "./noise-source.ts";
import { decayed, type Point } from "./point.ts";
import type { Sampler } from "./sampler.ts";

export interface AncestralOptions {
  /** How much of the noise of Bayes' rule is added, not below 0: 0 is the ODE, 1 an ancestral sampler. */
  readonly eta?: number;
  /** Where noise comes from. Default: each step's own, `independentNoise`. */
  readonly noise?: NoiseSource;
}

/**
 * A step of an ODE solver to a level below its target, and noise up to it: k-diffusion's way to make a solver
 * stochastic, on any path. With η = 1 the added variance is that of the posterior q(x_s | x_t, data).
 *
 * @throws if η is negative
 */
export function ancestral(
  name: string,
  tableau: ExponentialTableau,
  kind: Kind,
  times: readonly number[],
  options: AncestralOptions = {},
): Sampler {
  const { eta = 1, noise = independentNoise } = options;
  checkEta(name, eta);
  return defineSampler(name, tableau.order, times, (step) => {
    const { from, to } = endsOf(step);
    const std = posteriorStd(from, to, eta);
    const x = exponentialStep(tableau, kind, step.evaluator, step.x, from, quieter(to, std));
    return { x: std === 0 ? x : withNoise(step.evaluator, x, std, noise(step, from, to)) };
  });
}

/** η times the standard deviation of q(x_to | x_from, data), but not more than all noise there. */
export function posteriorStd(from: Point, to: Point, eta: number): number {
  return eta === 0 || to.b === 0 ? 0 : to.b * Math.min(1, eta * Math.sqrt(decayed(from, to, 2)));
}

/** The point with as much data and less noise, to which noise of this standard deviation is added. */
export function quieter(point: Point, std: number): Point {
  const b = Math.sqrt(Math.max(0, point.b ** 2 - std ** 2));
  return std === 0 ? point : { ...point, b, lambda: b === 0 ? Infinity : Math.log(point.a / b) };
}

export function withNoise<X>(evaluator: Evaluator<X>, x: X, std: number, noise: X): X {
  const terms: Term<X>[] = [
    [1, x],
    [std, noise],
  ];
  return evaluator.combine(terms);
}

export function checkEta(name: string, eta: number): void {
  if (!(eta >= 0)) throw new Error(`${name}: eta must be a number not below 0, got ${eta}`);
}
