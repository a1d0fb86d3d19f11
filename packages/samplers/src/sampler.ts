import type { Evaluator } from "./evaluator.ts";

/** Where a sampler stands. All of it is here: a sampler keeps nothing between steps. */
export interface SamplerState<X> {
  /** How many steps were done; x stands at `times[index]`. */
  readonly index: number;
  readonly x: X;
}

/** An immutable plan and a pure step. */
export interface Sampler {
  readonly name: string;
  /** The order of convergence: the error falls as steps^-order. */
  readonly order: number;
  /** The falling times it visits, one more than there are steps. */
  readonly times: readonly number[];
  /**
   * One step, from `times[index]` to `times[index + 1]`.
   *
   * @param state is left as it is
   * @returns the next state
   * @throws if the last step was done already
   */
  step<X>(state: SamplerState<X>, evaluator: Evaluator<X>): SamplerState<X>;
}
