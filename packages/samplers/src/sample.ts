import { clone, dispose, type Key, mul, settle, sum, type Tensor, tidy } from "@gen/tensor";
import type { Denoiser } from "./denoiser.ts";
import type { SamplerState } from "./sampler.ts";
import { tensorEvaluator, type TensorEvaluator } from "./tensor-evaluator.ts";
import type { TensorSampler } from "./tensor-sampler.ts";

export interface SampleOptions<Condition> {
  readonly denoiser: Denoiser<Condition>;
  readonly sampler: TensorSampler;
  /** Noise [batch, …] to begin with, b(t) times standard normal at the sampler's first time. Stays the caller's. */
  readonly noise?: Tensor;
  /** A state to go on from, instead of `noise`. Stays the caller's. */
  readonly state?: SamplerState<Tensor>;
  /** The randomness of samplers that draw noise. A state that is gone on from brings its own. */
  readonly key?: Key;
  /** Handed to the denoiser at every call. Stays the caller's. */
  readonly condition?: Condition;
  /** Stops before the next step; the loop then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a sampler step by step. It yields the state after each step; x and the history belong to the iterator, which
 * disposes of them when the next one is asked for or the loop is left: `clone` what is to stay.
 *
 * @throws if neither or both of `noise` and `state` are given, the times begin outside the path, or a step gives
 *   numbers that are not finite
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
  const callers = new Set(tensorsOf(state));
  try {
    while (state.index < sampler.times.length - 1) {
      signal?.throwIfAborted();
      const { index } = state;
      const attempt = replace(state, await stepped(sampler, state, evaluator), callers);
      state = attempt;
      if (sampler.judge) {
        const error = attempt.history?.[1] as Tensor;
        state = replace(attempt, sampler.judge(attempt, await numberIn(error)), callers);
      }
      if (state.index > index) yield state;
    }
  } finally {
    dispose(tensorsOf(state).filter((tensor) => !callers.has(tensor)));
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

/** A state that brings the proof of its health: 0, or NaN where a number of x is not finite. */
export interface CheckedState extends SamplerState<Tensor> {
  readonly health?: Tensor;
}

/** 0 if all numbers of x are finite, else NaN. */
export function healthOf(x: Tensor): Tensor {
  return sum(mul(x, 0));
}

/** One step, computed; the result is checked and owns its tensors. */
async function stepped(
  sampler: TensorSampler,
  before: SamplerState<Tensor>,
  evaluator: TensorEvaluator,
): Promise<SamplerState<Tensor>> {
  const made = {} as { after: SamplerState<Tensor>; health: Tensor };
  tidy(() => {
    const { health, ...after }: CheckedState = sampler.step(before, evaluator);
    // A step may hand its input through; what is yielded must be another tensor than the caller's.
    const x = after.x === before.x ? clone(after.x) : after.x;
    Object.assign(made, { after: { ...after, x }, health: health ?? healthOf(x) });
    return [...tensorsOf(made.after), made.health];
  });
  const { after, health } = made;
  await settle(after.x, health);
  const healthy = (await numberIn(health)) === 0;
  health.dispose();
  if (!healthy) {
    const old = new Set(tensorsOf(before));
    dispose(tensorsOf(after).filter((tensor) => !old.has(tensor)));
    throw new Error(notFinite(sampler, before.index, evaluator));
  }
  return after;
}

function notFinite(
  { name, times }: TensorSampler,
  index: number,
  { path }: TensorEvaluator,
): string {
  const t = times[index] as number;
  return (
    `sample: step ${index} of ${name}, from t = ${t} (σ = ${path.b(t) / path.a(t)}) to ` +
    `t = ${times[index + 1]}, gave numbers that are not finite; look at what the denoiser predicts there` +
    (index === 0 ? ", and at the noise it began with" : "")
  );
}

/** Disposes of what the state before does not share with the next one or with the caller. */
function replace(
  before: SamplerState<Tensor>,
  next: SamplerState<Tensor>,
  callers: ReadonlySet<Tensor>,
): SamplerState<Tensor> {
  const kept = new Set(tensorsOf(next));
  dispose(tensorsOf(before).filter((tensor) => !kept.has(tensor) && !callers.has(tensor)));
  return next;
}

function tensorsOf({ x, history = [] }: SamplerState<Tensor>): Tensor[] {
  return [...new Set([x, ...history])];
}

async function numberIn(tensor: Tensor): Promise<number> {
  return (await tensor.data())[0] as number;
}

function startOf<C>({ noise, state, sampler, key }: SampleOptions<C>): SamplerState<Tensor> {
  const x = (noise ?? state?.x) as Tensor | undefined;
  if (x && !(Array.isArray(x.shape) && x.shape.length > 0)) {
    throw new Error(
      `trajectory: noise must be a tensor [batch, …], got ${Array.isArray(x.shape) ? "one number" : typeof x}`,
    );
  }
  if (noise && !state) return { index: 0, x: noise, ...(key && { key }) };
  if (!state || noise)
    throw new Error("trajectory: give either noise to begin with or a state to go on from");
  const steps = sampler.times.length - 1;
  if (!Number.isInteger(state.index) || state.index < 0 || state.index > steps) {
    throw new Error(
      `trajectory: state.index must be an integer in [0, ${steps}], got ${state.index}`,
    );
  }
  return { ...(key && { key }), ...state };
}
