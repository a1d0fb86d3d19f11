import type { Key } from "@gen/tensor";
import type { Evaluator } from "./evaluator.ts";

/** Where a sampler stands. All of it is here: a sampler keeps nothing between steps. */
export interface SamplerState<X> {
  /** How many steps were done; x stands at `times[index]`. */
  readonly index: number;
  readonly x: X;
  /** The randomness of the whole run, for samplers that draw noise: that of step i is a function of it and of i. */
  readonly key?: Key;
  /** What a multistep sampler remembers, in an order of its own: earlier predictions, newest first. */
  readonly history?: readonly X[];
  /** Plain numbers that a sampler with step-size control remembers. */
  readonly control?: readonly number[];
}

/** An immutable plan and a pure step. */
export interface Sampler {
  readonly name: string;
  /** The order of convergence: the error falls as steps^-order. Of a stochastic one, where it adds no noise. */
  readonly order: number;
  /** The falling times it visits, one more than there are steps. */
  readonly times: readonly number[];
  /**
   * One step, from `times[index]` to `times[index + 1]`.
   *
   * @param state is left as it is
   * @returns the next state
   * @throws if the last step was done already, or it draws noise and the state has no key
   */
  step<X>(state: SamplerState<X>, evaluator: Evaluator<X>): SamplerState<X>;
  /**
   * Of a sampler with step-size control only: `step` then is one attempt and leaves its result and its error, one
   * number, as the first two of the history. The driver reads the error and asks here for the state that follows; its
   * `index` is greater once `times[index + 1]` is reached.
   */
  judge?<X>(attempt: SamplerState<X>, error: number): SamplerState<X>;
}
