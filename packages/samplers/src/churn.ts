import { withNoise } from "./ancestral.ts";
import { defineSampler, drawKey, type Step } from "./define-sampler.ts";
import { pointAt } from "./point.ts";
import { rungeKutta, rungeKuttaStep } from "./runge-kutta.ts";
import type { Sampler } from "./sampler.ts";
import type { Tableau } from "./tableau.ts";

/**
 * Noise that is added before each step, which then begins at a higher level (Karras et al. 2022, arXiv:2206.00364,
 * algorithm 2).
 */
export interface Churn {
  /** S_churn: σ is raised by the factor 1 + min(amount / steps, √2 - 1). Default 0: none. */
  readonly amount?: number;
  /** S_min and S_max: the levels σ = b/a where it is. Default all. */
  readonly min?: number;
  readonly max?: number;
  /** S_noise: the standard deviation of the new noise. Default 1; the paper's best are a little above. */
  readonly noise?: number;
}

/** A Runge–Kutta method with churn; without it, `rungeKutta`. */
export function churned(
  name: string,
  tableau: Tableau,
  times: readonly number[],
  churn: Churn,
  toZero: Tableau = tableau,
): Sampler {
  const { amount = 0, min = 0, max = Infinity, noise = 1 } = churn;
  for (const [key, value] of Object.entries({ amount, min, max, noise })) {
    if (!(value >= 0))
      throw new Error(`${name}: churn.${key} must be a number not below 0, got ${value}`);
  }
  if (amount === 0) return rungeKutta(name, tableau, times, { toZero });
  const raise = 1 + Math.min(amount / (times.length - 1), Math.SQRT2 - 1);

  const raised = <X>(step: Step<X>): { x: X; from: number } => {
    const { evaluator, x } = step;
    const { path } = evaluator;
    const { a, b, t } = pointAt(path, step.from);
    const sigma = b / a;
    // The path has nothing above its last level.
    const level = Math.min(sigma * raise, path.b(path.end) / path.a(path.end));
    if (!(sigma >= min && sigma <= max && level > sigma)) return { x, from: t };
    const from = path.inverseLogSnr(-2 * Math.log(level));
    const scale = path.a(from);
    const std = scale * noise * Math.sqrt(level ** 2 - sigma ** 2);
    const kept = evaluator.combine([[scale / a, x]]);
    return { x: withNoise(evaluator, kept, std, evaluator.normal(x, drawKey(step))), from };
  };

  return defineSampler(name, tableau.order, times, (step) => {
    const { x, from } = raised(step);
    return {
      x: rungeKuttaStep(step.to === 0 ? toZero : tableau, step.evaluator, x, from, step.to).x,
    };
  });
}
