import { dispose, scalar } from "@gen/tensor";
import type { Schedule, Trainee } from "@gen/train";

/**
 * A trainee whose batches bring along numbers that change with the step, as scalar tensors by name: an annealed β, a
 * capacity, a temperature. Nothing recompiles when they change, and a resumed run has the same ones.
 *
 * @param trainee one that takes its batches whole (`accumulate` of `trainStep` cuts all tensors of a batch in parts)
 * @param schedules by the name under which the loss finds them in its batch
 */
export function scheduled<T extends Trainee>(
  trainee: T,
  schedules: Readonly<Record<string, Schedule>>,
): T {
  return {
    ...trainee,
    step(batch, key, step) {
      const numbers = Object.fromEntries(
        Object.entries(schedules).map(([name, schedule]) => [name, scalar(schedule(step))]),
      );
      try {
        return trainee.step({ ...batch, ...numbers }, key, step);
      } finally {
        dispose(numbers);
      }
    },
  };
}
