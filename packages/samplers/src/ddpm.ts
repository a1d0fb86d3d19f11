import type { Path } from "@gen/schedules";
import { defineSampler, drawKey } from "./define-sampler.ts";
import type { Evaluator } from "./evaluator.ts";
import { endsOf } from "./exponential-step.ts";
import { withNoise } from "./ancestral.ts";
import { decay, decayed, type Point, pointAt } from "./point.ts";
import type { Sampler } from "./sampler.ts";

/** The variance of a step of the reverse chain, between two times of a path. */
export type ReverseVariance = (path: Path, from: number, to: number) => number;

/** β̃, that of q(x_s | x_t, data): right where the data is one point. The smallest sensible (Ho et al. 2020, eq. 7). */
export const posteriorVariance: ReverseVariance = (path, from, to) => {
  const [t, s] = [pointAt(path, from), pointAt(path, to)];
  return s.b ** 2 * decayed(t, s, 2);
};

/** β, that of q(x_t | x_s): right where the data is normal. The largest sensible (Ho et al. 2020, section 3.2). */
export const forwardVariance: ReverseVariance = (path, from, to) => {
  const [t, s] = [pointAt(path, from), pointAt(path, to)];
  return t.b ** 2 * decayed(t, s, 2);
};

/**
 * The best variance there is for a model's noise (Bao et al. 2022, arXiv:2201.06503, eq. 7): β̃ and what the mean leaves
 * uncertain of the data. Bounded to [β̃, β].
 *
 * @param noisePower the mean square of the model's noise prediction at a time, over samples and dimensions: their
 *   b²·Γ. 1 says that the data is known, and gives β̃.
 */
export function analyticVariance(noisePower: (t: number) => number): ReverseVariance {
  return (path, from, to) => {
    const [t, s] = [pointAt(path, from), pointAt(path, to)];
    const unknown = (t.b / t.a) ** 2 * Math.max(0, 1 - noisePower(from));
    const least = posteriorVariance(path, from, to);
    const best = least + (s.a * decayed(t, s, 2)) ** 2 * unknown;
    return Math.min(best, Math.max(least, forwardVariance(path, from, to)));
  };
}

export interface DDPMOptions {
  /**
   * The variance of the steps: `posteriorVariance` (β̃), `forwardVariance` (β), `analyticVariance(…)`, one of your own,
   * or "learned": the model says where between the logarithms of β̃ and β (Nichol and Dhariwal 2021, arXiv:2102.09672,
   * eq. 15). Default β̃.
   */
  readonly variance?: ReverseVariance | "learned";
}

/**
 * Ancestral sampling (Ho et al. 2020, arXiv:2006.11239, algorithm 2), on any path and for any subset of its times: the
 * mean of q(x_s | x_t, data) at the predicted data, and noise. One evaluation a step, order 1. The step to t = 0 gives
 * the data without noise.
 *
 * @param times falling, one more than steps
 */
export function ddpm(times: readonly number[], options: DDPMOptions = {}): Sampler {
  const { variance = posteriorVariance } = options;
  return defineSampler("ddpm", 1, times, (step) => {
    const { evaluator, x } = step;
    const { path } = evaluator;
    const { from, to } = endsOf(step);
    if (to.b === 0 || variance !== "learned") {
      const mean = posteriorMean(evaluator, x, from, to, evaluator.predict(x, from.t, "data"));
      if (to.b === 0 || variance === "learned") return { x: mean };
      const std = Math.sqrt(variance(path, from.t, to.t));
      return { x: withNoise(evaluator, mean, std, evaluator.normal(x, drawKey(step))) };
    }
    const said = evaluator.predictWithVariance(x, from.t, "data");
    const least = Math.log(posteriorVariance(path, from.t, to.t));
    const most = Math.log(forwardVariance(path, from.t, to.t));
    // The standard deviation is exp((least + most) / 4) · exp((most - least) / 4 · v).
    const logStd = evaluator.combine([[(most - least) / 4, said.variance]]);
    const noise = evaluator.normal(x, drawKey(step), logStd);
    const mean = posteriorMean(evaluator, x, from, to, said.prediction);
    return { x: withNoise(evaluator, mean, Math.exp((least + most) / 4), noise) };
  });
}

function posteriorMean<X>(evaluator: Evaluator<X>, x: X, from: Point, to: Point, data: X): X {
  return evaluator.combine([
    [(decay(from, to) * to.b) / from.b, x],
    [to.a * decayed(from, to, 2), data],
  ]);
}
