import { transition } from "@gen/probability/exact";
import { defineSampler, drawKey } from "../define-sampler.ts";
import type { Sampler } from "../sampler.ts";

/**
 * The reverse diffusion sampler (Song et al. 2021, arXiv:2011.13456, eq. 46 and appendix E): the reverse SDE in the
 * same steps as the path's own, x ← (2 - scale)·x + std²·score + std·z where x_from = scale·x_to + std·z. Order 1 in
 * distribution, one evaluation a step; the usual predictor of `predictorCorrector`. A step to 0 adds no noise. On a
 * table it is all but DDPM's ancestral sampling; it is not Euler–Maruyama, which it equals in the limit.
 *
 * @param times falling, one more than steps
 */
export function reverseDiffusion(times: readonly number[]): Sampler {
  return defineSampler("reverseDiffusion", 1, times, (step) => {
    const { evaluator, x, from, to } = step;
    const { path } = evaluator;
    const { scale, deviation } = transition(path, to, from);
    // The score is -noise/b.
    const mean = evaluator.combine([
      [2 - scale, x],
      [-(deviation ** 2) / path.b(from), evaluator.predict(x, from, "noise")],
    ]);
    if (to === 0) return { x: mean };
    const noise = evaluator.normal(x, drawKey(step));
    return {
      x: evaluator.combine([
        [1, mean],
        [deviation, noise],
      ]),
    };
  });
}
