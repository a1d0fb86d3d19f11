import { foldIn, type Key } from "@gen/tensor";
import { checkTimes } from "./check-times.ts";
import type { Evaluator } from "./evaluator.ts";
import type { Sampler, SamplerState } from "./sampler.ts";

/** A step to be done: where it stands, where it goes, and what it may ask. */
export interface Step<X> {
  readonly evaluator: Evaluator<X>;
  readonly x: X;
  /** The times x stands at and goes to. */
  readonly from: number;
  readonly to: number;
  /** Which step of the plan it is, from 0. */
  readonly index: number;
  readonly times: readonly number[];
  /** What the step before left. */
  readonly history: readonly X[];
  /**
   * The key of the run.
   *
   * @throws if it has none
   */
  runKey(): Key;
}

/** The key of a draw in a step: a function of the run's key, the step's number and the draw's. */
export function drawKey(step: Pick<Step<unknown>, "runKey" | "index">, draw = 0): Key {
  return foldIn(foldIn(step.runKey(), step.index), draw);
}

/** What a step gives: x at its end, and what the next one is to remember. */
export interface Moved<X> {
  readonly x: X;
  readonly history?: readonly X[];
}

/**
 * A sampler from its name, its order, its times and what it does in a step: the plan is checked and frozen, steps that
 * do not exist are refused.
 *
 * @param name what it calls itself in errors
 * @param times falling, one more than steps
 * @param advance a pure function, written for any X
 * @throws if the times do not fall
 */
export function defineSampler(
  name: string,
  order: number,
  times: readonly number[],
  advance: <X>(step: Step<X>) => Moved<X>,
): Sampler {
  checkTimes(name, times);
  const plan = Object.freeze([...times]);
  const step = <X>(state: SamplerState<X>, evaluator: Evaluator<X>): SamplerState<X> => {
    const { index, x, key, history = [] } = state;
    const from = plan[index];
    const to = plan[index + 1];
    if (from === undefined || to === undefined) {
      throw new Error(`${name}: step ${index} does not exist, the plan has ${plan.length - 1}`);
    }
    const { path } = evaluator;
    if (from > path.end * (1 + 1e-9)) {
      throw new Error(`${name}: the path ${path.name} ends at t = ${path.end}, got a time ${from}`);
    }
    const runKey = (): Key => {
      if (!key) throw new Error(`${name}: it draws noise; give it a key, such as key(0)`);
      return key;
    };
    const moved = advance({ evaluator, x, from, to, index, times: plan, history, runKey });
    return { index: index + 1, x: moved.x, ...withKey(key), ...withHistory(moved.history) };
  };
  return Object.freeze({ name, order, times: plan, step });
}

function withKey(key: Key | undefined): { key?: Key } {
  return key ? { key } : {};
}

function withHistory<X>(history: readonly X[] | undefined): { history?: readonly X[] } {
  return history?.length ? { history } : {};
}
