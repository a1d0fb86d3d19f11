import { dispose, foldIn, key } from "@gen/tensor";
import { train } from "@gen/train";
import type { RunConfig } from "../config.ts";
import type { Dataset } from "../dataset.ts";
import { familyOf } from "../find-family.ts";

/** The same run, so many steps long. */
export function lasting(config: RunConfig, steps: number): RunConfig {
  return familyOf(config).lasting?.(config, steps) ?? { ...config, steps };
}

/** How many examples a step takes: critics that are trained several times as often take several batches. */
export async function examplesPerStep(config: RunConfig, dataset: Dataset): Promise<number> {
  const training = await familyOf(config).create(config, dataset);
  const batch = training.batch(0);
  const rows = Object.values(batch)[0]?.shape[0] as number;
  dispose(batch);
  training.dispose();
  return rows;
}

/** Of the short trial: enough for steps that are due now and then, and for a run's parts. */
const SHORT = 20;

/**
 * How long a step of a configuration takes here, apart from what compiles: from two trials, one longer than the other,
 * whose models are thrown away.
 *
 * @param seconds about how much longer the longer one takes
 */
export async function secondsPerStep(
  config: RunConfig,
  dataset: Dataset,
  seconds: number,
  signal: AbortSignal,
): Promise<number> {
  const short = await stepTimes(lasting(config, SHORT), dataset, signal);
  const usual = short.toSorted((a, b) => a - b)[SHORT / 2] as number;
  const more = Math.min(1000, Math.max(SHORT, Math.round(seconds / usual)));
  const long = await stepTimes(lasting(config, SHORT + more), dataset, signal);
  const each = (sum(long) - sum(short)) / more;
  // The clock of a busy machine can say anything.
  return Math.max(each, usual / 2);
}

/** The seconds that each step of a run takes. */
async function stepTimes(
  config: RunConfig,
  dataset: Dataset,
  signal: AbortSignal,
): Promise<number[]> {
  const training = await familyOf(config).create(config, dataset);
  const times: number[] = [];
  let last = performance.now();
  try {
    await train(training.trainee, {
      data: (step) => training.batch(step),
      key: foldIn(key(config.seed), 1),
      steps: config.steps,
      logEvery: config.logEvery,
      signal,
      onStep() {
        const now = performance.now();
        times.push((now - last) / 1000);
        last = now;
      },
    });
  } finally {
    training.dispose();
  }
  signal.throwIfAborted();
  return times;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
