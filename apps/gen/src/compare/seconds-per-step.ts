import { foldIn, key } from "@gen/random";
import { train } from "@gen/train";
import type { RunConfig } from "../config.ts";
import type { Dataset } from "../dataset.ts";
import { familyOf } from "../find-family.ts";

/** At least so many steps are timed, after as many that are not: they compile. */
const STEPS = 5;

/**
 * How long a step of a configuration takes here: the mean over a trial, whose model is thrown away.
 *
 * @param seconds about how long the trial may be
 */
export async function secondsPerStep(
  config: RunConfig,
  dataset: Dataset,
  seconds: number,
  signal: AbortSignal,
): Promise<number> {
  const training = await familyOf(config).create(config, dataset);
  const enough = new AbortController();
  const times: number[] = [];
  const began = performance.now();
  let last = began;
  try {
    await train(training.trainee, {
      data: (step) => training.batch(step),
      key: foldIn(key(config.seed), 1),
      steps: 1_000_000_000,
      logEvery: config.logEvery,
      signal: AbortSignal.any([signal, enough.signal]),
      onStep({ step }) {
        const now = performance.now();
        if (step > STEPS) times.push((now - last) / 1000);
        last = now;
        if (times.length >= STEPS && now - began > 1000 * seconds) enough.abort();
      },
    });
  } finally {
    training.dispose();
  }
  signal.throwIfAborted();
  // A step may cost several times another (regularisers that are due now and then), but not this many times.
  const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] as number;
  const usual = times.filter((time) => time <= 10 * median);
  return usual.reduce((sum, time) => sum + time, 0) / usual.length;
}
