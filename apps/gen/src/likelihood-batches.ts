import { type Tensor, tensor } from "@gen/tensor";
import { type Examples, sizeOf } from "./examples.ts";
import type { HeldOut, Plan } from "./family.ts";

/** Some of the held-out examples. */
export interface HeldOutBatch {
  /** The number of its first. */
  readonly first: number;
  /** [batch, …], freed after the batch. */
  readonly images: Tensor;
  /** int32 [batch], where there are classes. Freed after the batch. */
  readonly labels: Tensor | undefined;
}

/**
 * Log-likelihoods batch by batch. All batches are full, filled up with the last example, so that they have one shape.
 *
 * @param score gives one number in nats for each of a batch
 * @returns one for each example
 */
export async function likelihoodInBatches(
  { count, numbers, labels }: HeldOut,
  { shape, classes }: Pick<Examples, "shape" | "classes">,
  batch: number,
  { signal, onProgress }: Pick<Plan, "signal" | "onProgress">,
  score: (batch: HeldOutBatch) => Promise<ArrayLike<number>>,
): Promise<Float64Array> {
  const size = sizeOf({ shape, classes });
  const nats = new Float64Array(count);
  for (let first = 0; first < count; first += batch) {
    signal?.throwIfAborted();
    const filled = new Float32Array(batch * size);
    const wanted = new Int32Array(batch);
    for (let i = 0; i < batch; i++) {
      const from = Math.min(first + i, count - 1);
      filled.set(numbers.subarray(from * size, (from + 1) * size), i * size);
      wanted[i] = labels?.[from] ?? 0;
    }
    const images = tensor(filled, [batch, ...shape]);
    const given = classes > 0 ? tensor(wanted, [batch], "int32") : undefined;
    try {
      const scores = await score({ first, images, labels: given });
      const here = Math.min(batch, count - first);
      for (let i = 0; i < here; i++) nats[first + i] = scores[i] as number;
      onProgress?.(first + here, count);
    } finally {
      images.dispose();
      given?.dispose();
    }
  }
  return nats;
}
