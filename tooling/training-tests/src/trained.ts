import { key, memory } from "@gen/tensor";
import { type Batch, MemoryStore, train, type Trainee } from "@gen/train";
import { expect } from "vitest";

export interface TrainedOptions {
  readonly data: (step: number) => Batch;
  readonly steps: number;
  /** After how many steps the second run stops, to go on in a third. */
  readonly stop: number;
}

/**
 * Trains what is made, and expects of it what all families owe: memory stays flat, and a run that stopped and went on
 * ends with the same bits in all that a checkpoint holds.
 *
 * @returns what was trained, and the metrics of each step
 */
export async function trained<Made extends { trainee: Trainee }>(
  make: () => Made,
  { data, steps, stop }: TrainedOptions,
): Promise<Made & { metrics: Record<string, number>[] }> {
  const collected: Record<string, number>[] = [];
  const tensors: number[] = [];
  const run = { data, key: key(3) };
  const whole = make();
  await train(whole.trainee, {
    ...run,
    steps,
    onStep: ({ metrics }) => {
      if (!metrics) return;
      collected.push(metrics);
      tensors.push(memory().numTensors);
    },
  });
  expect(new Set(tensors.slice(1)).size).toBe(1);

  const store = new MemoryStore();
  await train(make().trainee, { ...run, steps: stop, store });
  const resumed = make();
  await train(resumed.trainee, { ...run, steps, store });
  const state = resumed.trainee.state();
  for (const [name, variable] of Object.entries(whole.trainee.state())) {
    expect([...variable.dataSync()], name).toEqual([...state[name]!.dataSync()]);
  }
  return { ...whole, metrics: collected };
}
