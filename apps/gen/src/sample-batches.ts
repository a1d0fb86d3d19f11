import { type Tensor, tensor } from "@gen/tensor";
import { type Examples, sizeOf } from "./examples.ts";
import type { SamplePlan } from "./family.ts";

/** Some of the samples. */
export interface SampleBatch {
  /** The number of its first. */
  readonly first: number;
  /** How many are asked for; the rest fills the batch up. */
  readonly count: number;
  /** int32 [batch], of a model with classes. Freed after the batch. */
  readonly labels: Tensor | undefined;
  /** Says how far this batch is, from 0 to 1. */
  progress(share: number): void;
}

/**
 * Draws samples batch by batch. All batches are full, so that they have one shape and one compiled function.
 *
 * @param batch how many at once. It must not depend on how many are asked for, unless every sample's noise is its own
 * @param draw gives the numbers of a whole batch
 * @returns the numbers of all samples, one after another
 */
export async function drawInBatches(
  { labels, signal, onProgress }: Omit<SamplePlan<unknown>, "key" | "settings">,
  examples: Examples,
  batch: number,
  draw: (batch: SampleBatch) => Promise<Float32Array>,
): Promise<Float32Array> {
  const total = labels.length;
  const size = sizeOf(examples);
  const samples = new Float32Array(total * size);
  for (let first = 0; first < total; first += batch) {
    signal?.throwIfAborted();
    const count = Math.min(batch, total - first);
    const wanted = Int32Array.from(
      { length: batch },
      (_, i) => labels[Math.min(first + i, total - 1)] as number,
    );
    const given = examples.classes > 0 ? tensor(wanted, [batch], "int32") : undefined;
    try {
      const numbers = await draw({
        first,
        count,
        labels: given,
        progress: (share) => onProgress?.(first + count * share, total),
      });
      samples.set(numbers.subarray(0, count * size), first * size);
      onProgress?.(first + count, total);
    } finally {
      given?.dispose();
    }
  }
  return samples;
}

/** How many at once: images, or points. */
export function usualBatch({ shape }: Examples): number {
  return shape.length === 1 ? 10_000 : 100;
}
