import { cast, dispose, foldIn, type Key, settle, stack, type Tensor, tidy } from "@gen/tensor";
import { checkpointName, latestCheckpoint, pruneCheckpoints } from "./checkpoints.ts";
import { encodeCheckpoint } from "./checkpoint.ts";
import { loadState } from "./load-state.ts";
import { NonFiniteError } from "./non-finite-error.ts";
import { readState } from "./read-state.ts";
import type { Store } from "./store.ts";
import type { Batch, Trainee } from "./trainee.ts";
import { turn } from "./turn.ts";

export interface TrainOptions {
  /** The batch of a step, a pure function of it; steps count from 0. The loop disposes of its tensors. */
  data: (step: number) => Batch | Promise<Batch>;
  /** All the randomness: step i gets `foldIn(key, i)`. */
  key: Key;
  /** After how many steps to end, those before a resume included. */
  steps: number;
  /** Where checkpoints go; what is there already is resumed from. Without one, nothing is saved. */
  store?: Store | undefined;
  /** Every how many steps to save, beside the last one and the one at which an abort arrives; 1000. */
  saveEvery?: number | undefined;
  /** How many checkpoints to keep; 2. */
  keepLast?: number | undefined;
  /** Kept in each checkpoint, so that a reader knows how to build the model: anything that JSON can hold. */
  config?: unknown;
  /** Every how many steps to read the metrics; 10. */
  logEvery?: number | undefined;
  /** Every how many steps to call `onSample`. */
  sampleEvery?: number | undefined;
  /** Ends training after the step that is running: saves, then returns. */
  signal?: AbortSignal | undefined;
  /** Training goes on from a checkpoint. */
  onResume?: ((event: { step: number; name: string }) => void) | undefined;
  /** A checkpoint is damaged, and the one before it is tried; `reason` is one sentence. */
  onRefuse?: ((event: { name: string; reason: string }) => void) | undefined;
  /**
   * A step is done. `metrics` are there every `logEvery` steps, before a save and at the end: means over those steps
   * since they were there last that have them.
   */
  onStep?: ((event: StepEvent) => void) | undefined;
  /** A checkpoint is written. */
  onSave?: ((event: { step: number; name: string }) => void) | undefined;
  /** Time to draw samples; training waits for it. */
  onSample?: ((event: { step: number }) => void | Promise<void>) | undefined;
}

export interface StepEvent {
  /** How many steps are done. */
  step: number;
  steps: number;
  metrics: Record<string, number> | undefined;
}

export interface TrainResult {
  status: "finished" | "aborted";
  /** How many steps are done. */
  step: number;
}

/**
 * The training loop. It resumes exactly: what a checkpoint holds, the step, and `data` and `key` as pure functions of the
 * step are all that matters, so a run that was ended at any moment and resumed gives the same weights, bit for bit, as
 * one that was not.
 *
 * Throws a `NonFiniteError` when the loss or a weight is not finite (weights like that are never saved), and an error
 * that lists what differs when the store holds checkpoints of another model.
 */
export async function train(trainee: Trainee, options: TrainOptions): Promise<TrainResult> {
  const { data, key, steps, store, config, signal } = options;
  const { saveEvery = 1000, keepLast = 2, logEvery = 10, sampleEvery } = options;
  for (const [name, value] of Object.entries({ saveEvery, keepLast, logEvery, sampleEvery })) {
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
      throw new Error(`train: ${name} must be a positive integer, got ${value}`);
    }
  }

  let step = 0;
  let lastGood: string | undefined;
  const found = store && (await latestCheckpoint(store, options.onRefuse));
  if (found) {
    const { name, checkpoint } = found;
    if (`${checkpoint.key.toJSON()}` !== `${key.toJSON()}`) {
      throw new Error(
        `train: ${name} was trained with key [${checkpoint.key.toJSON()}], got [${key.toJSON()}]; give the same key, or an empty store`,
      );
    }
    loadState(trainee.state(), checkpoint.tensors, name);
    step = checkpoint.step;
    lastGood = name;
    options.onResume?.({ step, name });
  }

  let savedStep = step;
  const unread: Record<string, Tensor>[] = [];
  const read = async (): Promise<Record<string, number>> => {
    const window = unread.splice(0);
    const first = step - window.length + 1;
    const { loss, means } = await readMetrics(window);
    const bad = loss.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new NonFiniteError("loss", loss[bad]!, first + bad, lastGood);
    return means;
  };
  const save = async (store: Store): Promise<void> => {
    const { tensors, nonFinite } = await readState(trainee.state());
    if (nonFinite) throw new NonFiniteError(nonFinite.name, nonFinite.value, step, lastGood);
    const name = checkpointName(step);
    await store.write(name, encodeCheckpoint({ step, key, config, tensors }));
    savedStep = step;
    lastGood = name;
    await pruneCheckpoints(store, step, keepLast);
    options.onSave?.({ step, name });
  };

  const aborted = (): boolean => signal?.aborted === true;
  try {
    while (step < steps && !aborted()) {
      const batch = await data(step);
      try {
        unread.push(trainee.step(batch, foldIn(key, step), step));
      } finally {
        dispose(batch);
      }
      await settle(...Object.values(unread.at(-1)!));
      step++;
      const saving = step % saveEvery === 0 || step === steps;
      const metrics = saving || step % logEvery === 0 ? await read() : undefined;
      options.onStep?.({ step, steps, metrics });
      if (store && saving) await save(store);
      if (sampleEvery && step % sampleEvery === 0) await options.onSample?.({ step });
      await turn();
    }
    if (unread.length > 0) await read();
    if (store && step > savedStep) await save(store);
  } finally {
    dispose(unread);
  }
  return { status: step < steps ? "aborted" : "finished", step };
}

/** Reads and disposes of the scalars of several steps: each loss, and the mean of each metric over the steps that have it. */
async function readMetrics(
  window: Record<string, Tensor>[],
): Promise<{ loss: number[]; means: Record<string, number> }> {
  const entries = window.flatMap((metrics) => Object.entries(metrics));
  let all: Tensor;
  try {
    const without = window.find((metrics) => !Object.hasOwn(metrics, "loss"));
    if (without) {
      throw new Error(
        `train: a step must return a scalar named loss, got ${Object.keys(without).join(", ")}`,
      );
    }
    all = tidy(() => stack(entries.map(([name, metric]) => scalar(metric, name))));
  } finally {
    dispose(window);
  }
  const numbers = await all.data();
  all.dispose();
  const values: Record<string, number[]> = {};
  entries.forEach(([name], i) => (values[name] ??= []).push(numbers[i] as number));
  const means = Object.fromEntries(
    Object.entries(values).map(([name, list]) => [
      name,
      list.reduce((sum, value) => sum + value, 0) / list.length,
    ]),
  );
  return { loss: values["loss"] as number[], means };
}

function scalar(metric: Tensor, name: string): Tensor {
  if (metric.rank === 0) return cast(metric, "float32");
  throw new Error(
    `train: the metric ${name} must be a scalar at each step, got shape [${metric.shape}]`,
  );
}
