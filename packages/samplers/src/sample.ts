import { clone, dispose, settle, tidy, type Tensor } from "@gen/tensor";
import type { Denoiser } from "./denoiser.ts";
import { tensorEvaluator } from "./evaluator.ts";
import type { Sampler, SamplerState } from "./sampler.ts";

export interface SampleOptions<Condition> {
  readonly denoiser: Denoiser<Condition>;
  readonly sampler: Sampler;
  /** Noise [batch, …] to begin with, b(t) times standard normal at the sampler's first time. Stays the caller's. */
  readonly noise?: Tensor;
  /** A state to go on from, instead of `noise`. Stays the caller's. */
  readonly state?: SamplerState<Tensor>;
  /** Handed to the denoiser at every call. Stays the caller's. */
  readonly condition?: Condition;
  /** Stops before the next step; the loop then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a sampler step by step. It yields the state after each step; x belongs to the iterator, which disposes of it
 * when the next one is asked for or the loop is left: `clone` what is to stay.
 *
 * @throws if neither or both of `noise` and `state` are given, or the times begin outside the path
 */
export async function* trajectory<Condition>(
  options: SampleOptions<Condition>,
): AsyncGenerator<SamplerState<Tensor>, void, void> {
  const { denoiser, sampler, condition, signal } = options;
  const end = denoiser.path.end;
  if ((sampler.times[0] as number) > end) {
    throw new Error(
      `trajectory: the path ${denoiser.path.name} ends at t = ${end}, got times from ${sampler.times[0]}`,
    );
  }
  const evaluator = tensorEvaluator(denoiser, condition);
  let state = startOf(options);
  let own: SamplerState<Tensor> | undefined;
  try {
    while (state.index < sampler.times.length - 1) {
      signal?.throwIfAborted();
      const before = state;
      const next = tidy(() => {
        const after = sampler.step(before, evaluator);
        // A step may hand its input through; what is yielded must be another tensor than the caller's.
        return { ...after, x: after.x === before.x ? clone(after.x) : after.x };
      });
      if (own) dispose(own.x);
      own = state = next;
      await settle(state.x);
      yield state;
    }
  } finally {
    if (own) dispose(own.x);
  }
}

/**
 * Samples to the end of the plan.
 *
 * @param options as for `trajectory`, and `onStep`, called with each state; x is its caller's to read, not to keep
 * @returns the samples, [batch, …]; the caller disposes of them
 */
export async function sample<Condition>(
  options: SampleOptions<Condition> & {
    onStep?: (state: SamplerState<Tensor>) => void | Promise<void>;
  },
): Promise<Tensor> {
  let last: Tensor | undefined;
  for await (const state of trajectory(options)) {
    await options.onStep?.(state);
    if (state.index === options.sampler.times.length - 1) last = clone(state.x);
  }
  return last ?? clone(startOf(options).x);
}

function startOf<C>({ noise, state, sampler }: SampleOptions<C>): SamplerState<Tensor> {
  if (noise && !state) return { index: 0, x: noise };
  if (!state || noise)
    throw new Error("trajectory: give either noise to begin with or a state to go on from");
  const steps = sampler.times.length - 1;
  if (!Number.isInteger(state.index) || state.index < 0 || state.index > steps) {
    throw new Error(
      `trajectory: state.index must be an integer in [0, ${steps}], got ${state.index}`,
    );
  }
  return state;
}
