import { defineSampler, drawKey } from "../define-sampler.ts";
import type { Sampler } from "../sampler.ts";

export interface AnnealedLangevinOptions {
  /** How often x is moved at each noise level. Default the paper's 100. */
  readonly moves?: number;
  /** ε, the step size at the lowest noise level. Default the paper's 2e-5, for images in [0, 1] and σ = 0.01. */
  readonly stepSize?: number;
}

/**
 * Annealed Langevin dynamics (Song and Ermon 2019, arXiv:1907.05600, algorithm 1): at each noise level `moves` steps
 * x ← x + α/2·score + √α·z with α = ε·b²/b_L², b_L the lowest level. A step of the sampler moves x at the level that
 * it goes to, so that x has the distribution of `times[index]`; a step to 0, where there is no score, replaces x by
 * the expected data (Jolicoeur-Martineau et al. 2020, arXiv:2009.05475). The lecture notes lose the root of the
 * noise's step size.
 *
 * @param times falling, such as the geometric noise levels of `exponentialGrid` on `edm()`
 */
export function annealedLangevin(
  times: readonly number[],
  { moves = 100, stepSize = 2e-5 }: AnnealedLangevinOptions = {},
): Sampler {
  if (!Number.isInteger(moves) || moves < 1) {
    throw new Error(`annealedLangevin: moves must be a positive integer, got ${moves}`);
  }
  if (!(stepSize > 0 && stepSize < Infinity)) {
    throw new Error(`annealedLangevin: stepSize must be a positive number, got ${stepSize}`);
  }
  const lowest = times.at(-1) === 0 ? (times.at(-2) as number) : (times.at(-1) as number);
  return defineSampler("annealedLangevin", 0, times, (step) => {
    const { evaluator, x, from, to } = step;
    if (to === 0) return { x: evaluator.predict(x, from, "data") };
    const b = evaluator.path.b(to);
    const alpha = stepSize * (b / evaluator.path.b(lowest)) ** 2;
    let moved = x;
    for (let move = 0; move < moves; move++) {
      // The score is -noise/b.
      moved = evaluator.combine([
        [1, moved],
        [-alpha / (2 * b), evaluator.predict(moved, to, "noise")],
        [Math.sqrt(alpha), evaluator.normal(moved, drawKey(step, move))],
      ]);
    }
    return { x: moved };
  });
}
