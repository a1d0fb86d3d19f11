import { ancestral, type AncestralOptions } from "./ancestral.ts";
import { defineSampler } from "./define-sampler.ts";
import { checkEta, posteriorStd, quieter, withNoise } from "./ancestral.ts";
import {
  endsOf,
  exponentialEuler,
  exponentialMidpoint,
  type ExponentialTableau,
  exponentialThirds,
} from "./exponential-step.ts";
import { type Kind, moveOf } from "./exponential.ts";
import { independentNoise } from "./noise-source.ts";
import { between } from "./point.ts";
import { checkCount } from "./multistep.ts";
import type { Sampler } from "./sampler.ts";
import { stagesAtTimes } from "./stages-at-times.ts";

export interface SinglestepOptions {
  /** How many evaluations a step of the method has, and the order it reaches. */
  readonly order?: 1 | 2 | 3;
  /**
   * Where they are. `shares`: at the paper's shares of the step in log-SNR, so that every two times have a step of the
   * method between them. `times`: at the given times, one each (the released code's and diffusers' singlestep); a step
   * of the method takes `order` of them, the last one what is left: a multiple of `order` has the full order. Default
   * `shares`.
   */
  readonly stages?: "shares" | "times";
}

const TABLEAUS: Record<1 | 2 | 3, ExponentialTableau> = {
  1: exponentialEuler,
  2: exponentialMidpoint,
  3: exponentialThirds,
};

/**
 * DPM-Solver (Lu et al. 2022, arXiv:2206.00927, algorithms 1 and 2): exponential Runge–Kutta in log-SNR on the
 * predicted noise, `order` evaluations a step. A step of the plan is a whole step of the method; the paper's "-fast"
 * counts evaluations instead.
 *
 * @param times falling, one more than steps. The step to t = 0 is DDIM's.
 * @param options the order, 1 to 3, default 3, the paper's, and where its evaluations are
 * @throws if there is no such order, or no such place
 */
export function dpmSolver(
  times: readonly number[],
  { order = 3, stages = "shares" }: SinglestepOptions = {},
): Sampler {
  return singlestep("dpmSolver", "noise", times, order, stages);
}

/**
 * DPM-Solver++ singlestep, (2S) and (3S) (Lu et al. 2022, arXiv:2211.01095, algorithm 1): `dpmSolver` on the predicted
 * data, which stays bounded under guidance.
 *
 * @param times falling, one more than steps. The step to t = 0 is DDIM's.
 * @param options the order, 1 to 3, default 2, the paper's, and where its evaluations are
 * @throws if there is no such order, or no such place
 */
export function dpmSolverPlusPlus(
  times: readonly number[],
  { order = 2, stages = "shares" }: SinglestepOptions = {},
): Sampler {
  return singlestep("dpmSolverPlusPlus", "data", times, order, stages);
}

/**
 * k-diffusion's DPM++ 2S ancestral: DPM-Solver++(2S) down below the next level, and noise up to it.
 *
 * @param times falling, one more than steps
 * @throws if η is negative
 */
export function dpmSolverPlusPlus2SAncestral(
  times: readonly number[],
  options: AncestralOptions = {},
): Sampler {
  return ancestral("dpmSolverPlusPlus2SAncestral", exponentialMidpoint, "data", times, options);
}

/**
 * k-diffusion's DPM++ SDE: an ancestral step to the middle in log-SNR, and one over the whole with the data predicted
 * there, each with its own noise. Two evaluations a step.
 *
 * @param times falling, one more than steps
 * @param options η, default 1, and the noise: `brownianTree()` is k-diffusion's
 * @throws if η is negative
 */
export function dpmSolverPlusPlusSDE(
  times: readonly number[],
  options: AncestralOptions = {},
): Sampler {
  const name = "dpmSolverPlusPlusSDE";
  const { eta = 1, noise = independentNoise } = options;
  checkEta(name, eta);
  return defineSampler(name, 2, times, (step) => {
    const { evaluator, x } = step;
    const { from, to } = endsOf(step);
    const data = evaluator.predict(x, from.t, "data");
    const reach = (target: typeof to, prediction: typeof x, draw: number): typeof x => {
      const std = posteriorStd(from, target, eta);
      const { keep, weight } = moveOf("data", from, quieter(target, std), 0);
      const moved = evaluator.combine([
        [keep, x],
        [weight, prediction],
      ]);
      return std === 0 ? moved : withNoise(evaluator, moved, std, noise(step, from, target, draw));
    };
    if (to.lambda - from.lambda === Infinity) return { x: reach(to, data, 0) };
    const middle = between(evaluator.path, from, to, 1 / 2);
    return { x: reach(to, evaluator.predict(reach(middle, data, 1), middle.t, "data"), 0) };
  });
}

function singlestep(
  name: string,
  kind: Kind,
  times: readonly number[],
  order: 1 | 2 | 3,
  stages: "shares" | "times",
): Sampler {
  checkCount(name, order, 3);
  if (stages === "times") return stagesAtTimes(name, kind, times, order);
  if (stages === "shares") return ancestral(name, TABLEAUS[order], kind, times, { eta: 0 });
  throw new Error(`${name}: stages must be shares or times, got ${String(stages)}`);
}
