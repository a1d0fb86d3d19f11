import type { Path } from "@gen/schedules";
import { checkTimes } from "./check-times.ts";
import type { Evaluator } from "./evaluator.ts";
import type { Sampler, SamplerState } from "./sampler.ts";

export interface AdaptiveOptions {
  /** The error of a step that is allowed, above 0, and that in relation to x. Default 1e-5 each. */
  readonly absolute?: number;
  readonly relative?: number;
  /** The size of the first step, in what the method counts in. Default the method's. */
  readonly firstStep?: number;
}

/** A method that estimates its own error. */
export interface AdaptiveMethod {
  readonly name: string;
  readonly order: number;
  /** The power of the step that its error falls with. */
  readonly errorOrder: number;
  /** What steps are counted in, rising along the run, and its inverse. */
  clock(path: Path, t: number): number;
  timeAt(path: Path, clock: number): number;
  /** A step, its error, and the slopes at its beginning and end where the next attempt can use them. */
  attempt<X>(evaluator: Evaluator<X>, x: X, from: number, to: number, known?: X): Attempt<X>;
}

export interface Attempt<X> {
  readonly x: X;
  readonly error: X;
  readonly first?: X;
  readonly last?: X;
}

/** A sampler that chooses its steps. */
export type AdaptiveSampler = Sampler & Required<Pick<Sampler, "judge">>;

/**
 * A method with step-size control: the PI controller of Hairer, Nørsett and Wanner (Solving Ordinary Differential
 * Equations I, IV.2; for order 5 with their exponents 0.17 and 0.04). It makes as many steps as it needs between the
 * times of the plan, at which it reports.
 */
export function adaptive(
  method: AdaptiveMethod,
  times: readonly number[],
  options: AdaptiveOptions & { readonly firstStep: number },
): AdaptiveSampler {
  const { name, errorOrder } = method;
  checkTimes(name, times);
  const plan = Object.freeze([...times]);
  const { absolute = 1e-5, relative = 1e-5, firstStep } = options;
  for (const [key, value] of Object.entries({ absolute, relative, firstStep })) {
    if (!(value > 0 && value < Infinity)) {
      throw new Error(`${name}: ${key} must be a positive number, got ${value}`);
    }
  }
  const power = 0.85 / errorOrder;

  return Object.freeze({
    name,
    order: method.order,
    times: plan,
    // The control is the time that x stands at, the step to try, the error before, and, of an attempt, its end.
    step<X>(state: SamplerState<X>, evaluator: Evaluator<X>): SamplerState<X> {
      const to = plan[state.index + 1];
      if (to === undefined) {
        throw new Error(
          `${name}: step ${state.index} does not exist, the plan has ${plan.length - 1}`,
        );
      }
      const { path } = evaluator;
      const [t = plan[state.index] as number, h = firstStep, before = 1e-4] = state.control ?? [];
      const [now, target] = [method.clock(path, t), method.clock(path, to)];
      const reaches = now + h * (1 + 1e-6) >= target;
      const end = reaches ? to : method.timeAt(path, now + h);
      const done = method.attempt(evaluator, state.x, t, end, state.history?.[0]);
      const norm = evaluator.errorNorm(done.error, state.x, done.x, absolute, relative);
      const slopes = [done.first, done.last].filter((slope) => slope !== undefined);
      const used = reaches ? target - now : h;
      return { ...state, history: [done.x, norm, ...slopes], control: [t, h, before, end, used] };
    },
    judge<X>(attempt: SamplerState<X>, error: number): SamplerState<X> {
      const { history: made, ...rest } = attempt;
      const [x, , first, last] = made as readonly [X, X, X?, X?];
      const [t, h, before, end, used] = attempt.control as [number, number, number, number, number];
      if (!Number.isFinite(error)) {
        throw new Error(
          `${name}: the error of the step from t = ${t} to ${end} is ${error}; look at what the denoiser predicts there`,
        );
      }
      const kept = (slope: X | undefined): { history?: readonly X[] } =>
        slope === undefined ? {} : { history: [slope] };
      if (error > 1) {
        const smaller = used * Math.max(0.2, 0.9 * error ** -power);
        if (!(smaller > firstStep * 1e-10)) {
          throw new Error(`${name}: the step at t = ${t} fell to ${smaller}; allow a larger error`);
        }
        return { ...rest, ...kept(first), control: [t, smaller, before] };
      }
      const small = Math.max(error, 1e-4);
      const factor = 0.9 * Math.max(error, 1e-10) ** -power * before ** (0.2 / errorOrder);
      const next = used * Math.min(10, Math.max(0.2, factor));
      const arrived = end === plan[attempt.index + 1];
      // A step that was cut short at its target says little of how long the next may be.
      const control = [end, arrived ? Math.max(h, next) : next, small];
      return { ...rest, index: attempt.index + (arrived ? 1 : 0), x, ...kept(last), control };
    },
  });
}
