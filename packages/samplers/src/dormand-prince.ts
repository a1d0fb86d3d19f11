import { checkTimes } from "./check-times.ts";
import type { Term } from "./evaluator.ts";
import { heun3Tableau } from "./heun3.ts";
import { rungeKutta, rungeKuttaStep } from "./runge-kutta.ts";
import type { Evaluator } from "./evaluator.ts";
import type { Sampler, SamplerState } from "./sampler.ts";
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

export interface AdaptiveOptions {
  /** The error of a step that is allowed, above 0, and that in relation to x. Default 1e-5 each. */
  readonly absolute?: number;
  readonly relative?: number;
  /** The size of the first step, in time. Default a hundredth of the whole. */
  readonly firstStep?: number;
}

/**
 * Dormand and Prince's method 5(4) with step-size control (`dopri5`; PI controller of Hairer, Nørsett and Wanner,
 * Solving Ordinary Differential Equations I, IV.2: exponents 0.17 and 0.04). It makes as many steps as it needs between
 * the times of the plan, at which it reports: two are enough. End it above t = 0, unless the model predicts the
 * velocity: the last evaluation is at the end.
 *
 * One error is measured over the whole batch. Each attempt reads one number from the device.
 *
 * @param times falling, at least two
 * @throws if a tolerance or the first step is not a positive number; while running, if the error is not finite or the
 *   step gets too small
 */
export function dormandPrince(
  times: readonly number[],
  options: AdaptiveOptions = {},
): Sampler & Required<Pick<Sampler, "judge">> {
  const name = "dormandPrince";
  checkTimes(name, times);
  const plan = Object.freeze([...times]);
  const span = (plan[0] as number) - (plan.at(-1) as number);
  const { absolute = 1e-5, relative = 1e-5, firstStep = span / 100 } = options;
  for (const [key, value] of Object.entries({ absolute, relative, firstStep })) {
    if (!(value > 0 && value < Infinity)) {
      throw new Error(`${name}: ${key} must be a positive number, got ${value}`);
    }
  }
  const target = (index: number): number => {
    const to = plan[index + 1];
    if (to === undefined) {
      throw new Error(`${name}: step ${index} does not exist, the plan has ${plan.length - 1}`);
    }
    return to;
  };
  /** The time that x stands at, the step to try, and the error of the last one. */
  const controlOf = ({ index, control }: SamplerState<unknown>): [number, number, number] => {
    const [t = plan[index] as number, h = firstStep, error = 1e-4] = control ?? [];
    return [t, h, error];
  };
  const endOf = (t: number, h: number, to: number): number => (t - h > to + h * 1e-6 ? t - h : to);

  return Object.freeze({
    name,
    order: 5,
    times: plan,
    step<X>(state: SamplerState<X>, evaluator: Evaluator<X>): SamplerState<X> {
      const to = target(state.index);
      const [t, h, last] = controlOf(state);
      const end = endOf(t, h, to);
      const { x } = state;
      const known = state.history?.[0];
      const { x: next, slopes } = rungeKuttaStep(dormandPrinceTableau, evaluator, x, t, end, known);
      const terms = ERROR.map((c, i): Term<X> => [c * (end - t), slopes[i] as X]);
      const error = evaluator.combine(terms.filter(([c]) => c !== 0));
      const norm = evaluator.errorNorm(error, x, next, absolute, relative);
      const history = [next, norm, slopes[0] as X, slopes[6] as X];
      return { ...state, history, control: [t, h, last] };
    },
    judge<X>(attempt: SamplerState<X>, error: number): SamplerState<X> {
      const [t, h, last] = controlOf(attempt);
      const to = target(attempt.index);
      const end = endOf(t, h, to);
      const [next, , first, final] = attempt.history as readonly [X, X, X, X];
      if (!Number.isFinite(error)) {
        throw new Error(
          `${name}: the error of the step from t = ${t} to ${end} is ${error}; look at what the denoiser predicts there`,
        );
      }
      const rest = { ...attempt };
      if (error > 1) {
        const smaller = (t - end) * Math.max(0.2, 0.9 * error ** -0.17);
        if (!(smaller > span * 1e-12)) {
          throw new Error(`${name}: the step at t = ${t} fell to ${smaller}; allow a larger error`);
        }
        return { ...rest, history: [first], control: [t, smaller, last] };
      }
      const factor = Math.min(10, Math.max(0.2, 0.9 * error ** -0.17 * last ** 0.04));
      // A step that was cut short at the target says little of how long the next may be.
      const size = end === to ? Math.max(h, (t - end) * factor) : (t - end) * factor;
      const index = attempt.index + (end === to ? 1 : 0);
      return {
        ...rest,
        index,
        x: next,
        history: [final],
        control: [end, size, Math.max(error, 1e-4)],
      };
    },
  });
}
