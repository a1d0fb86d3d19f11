import { type Dataset, normalized } from "../dataset.ts";
import { sizeOf } from "../examples.ts";
import { subset } from "@gen/data";

/** Examples of the data with these labels, as a sampler would give them: the first that there are of each. */
export function realSamples(dataset: Dataset, labels: Int32Array): Float32Array {
  if (dataset.kind === "points") return dataset.training.subarray(0, 2 * labels.length);
  const { training, examples } = dataset;
  const size = sizeOf(examples);
  const taken = new Map<number, number>();
  const chosen = [...labels].flatMap((label) => {
    const from = taken.get(label) ?? 0;
    const place =
      examples.classes > 0 && training.labels ? training.labels.indexOf(label, from) : from;
    if (place < 0 || place >= training.count) return [];
    taken.set(label, place + 1);
    return [place];
  });
  const numbers = normalized(subset(training, chosen));
  const filled = new Float32Array(labels.length * size).fill(-1);
  filled.set(numbers);
  return filled;
}
