import {
  adaptive,
  type AdaptiveMethod,
  type AdaptiveOptions,
  type AdaptiveSampler,
  type Attempt,
} from "./adaptive.ts";
import { checkTimes } from "./check-times.ts";
import { heun3Tableau } from "./heun3.ts";
import { rungeKutta, rungeKuttaStep } from "./runge-kutta.ts";
import type { Evaluator, Term } from "./evaluator.ts";
import type { Sampler } from "./sampler.ts";
import type { Tableau } from "./tableau.ts";

/** Dormand and Prince's method of order 5 (1980): seven stages, the last of which is the next step's first. */
export const dormandPrinceTableau: Tableau = {
  order: 5,
  c: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
  a: [
    [],
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
  ],
  b: [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0],
};

/** What the embedded method of order 4 differs by: an estimate of the error. */
const ERROR = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40];

/**
 * Dormand and Prince's method with the steps of the plan: order 5, six evaluations a step. A step that ends at t = 0 is
 * one of `heun3`, which does not evaluate there.
 *
 * @param times falling, one more than steps
 */
export function dormandPrinceFixed(times: readonly number[]): Sampler {
  const c = dormandPrinceTableau.c.slice(0, 6);
  const a = dormandPrinceTableau.a.slice(0, 6);
  const b = dormandPrinceTableau.b.slice(0, 6);
  const sixStages = { order: 5, c, a, b };
  return rungeKutta("dormandPrinceFixed", sixStages, times, { toZero: heun3Tableau });
}

const METHOD: AdaptiveMethod = {
  name: "dormandPrince",
  order: 5,
  errorOrder: 5,
  clock: (_path, t) => -t,
  timeAt: (_path, clock) => -clock,
  attempt<X>(evaluator: Evaluator<X>, x: X, from: number, to: number, known?: X): Attempt<X> {
    const done = rungeKuttaStep(dormandPrinceTableau, evaluator, x, from, to, known);
    const terms = ERROR.map((c, i): Term<X> => [c * (to - from), done.slopes[i] as X]);
    const error = evaluator.combine(terms.filter((_, i) => ERROR[i] !== 0));
    return { x: done.x, error, first: done.slopes[0] as X, last: done.slopes[6] as X };
  },
};

/**
 * Dormand and Prince's method 5(4) with step-size control (`dopri5`). Two times are enough; it reports at all that are
 * given. End it above t = 0, unless the model predicts the velocity: the last evaluation is at the end.
 *
 * One error is measured over the whole batch. Each attempt reads one number from the device.
 *
 * @param times falling, at least two
 * @param options the first step is in time; default a hundredth of the whole
 * @throws if a tolerance or the first step is not a positive number; while running, if the error is not finite or the
 *   step gets too small
 */
export function dormandPrince(
  times: readonly number[],
  options: AdaptiveOptions = {},
): AdaptiveSampler {
  checkTimes(METHOD.name, times);
  const firstStep = ((times[0] as number) - (times.at(-1) as number)) / 100;
  return adaptive(METHOD, times, { firstStep, ...options });
}
