import { foldIn, type Key, permutation } from "@gen/random";
import type { ImageSet } from "./image-set.ts";

/**
 * Which examples are in the batch of a step. The data is read as one endless stream of epochs, each a fresh random order
 * of all examples, and step s takes places s·batchSize … (s+1)·batchSize - 1 of it: every batch is full, and where
 * batchSize does not divide count, a batch takes the last of one epoch and the first of the next. A pure function of
 * its arguments, so a resumed run needs only the step.
 *
 * @param count how many examples there are
 * @param batchSize how many to take; may exceed count
 * @param key of the whole run; hand in the same object at every step, and each epoch's order is made only once
 * @param step from 0
 * @returns [batchSize] indices into the examples
 */
export function batchIndices(count: number, batchSize: number, key: Key, step: number): Int32Array {
  positive("count", count);
  positive("batchSize", batchSize);
  if (!Number.isInteger(step) || step < 0 || !Number.isSafeInteger((step + 1) * batchSize)) {
    throw new Error(`batchIndices: step must be an integer ≥ 0, got ${step}`);
  }
  const indices = new Int32Array(batchSize);
  for (let i = 0; i < batchSize;) {
    const place = step * batchSize + i;
    const epoch = Math.floor(place / count);
    const start = place - epoch * count;
    const taken = epochOrder(count, key, epoch).subarray(start, start + batchSize - i);
    indices.set(taken, i);
    i += taken.length;
  }
  return indices;
}

// The order of the last epoch asked for, for each key: it follows from the arguments, and is kept to save time only.
const orders = new WeakMap<Key, { count: number; epoch: number; order: Int32Array }>();

function epochOrder(count: number, key: Key, epoch: number): Int32Array {
  const kept = orders.get(key);
  if (kept?.count === count && kept.epoch === epoch) return kept.order;
  const order = permutation(foldIn(key, epoch), count);
  orders.set(key, { count, epoch, order });
  return order;
}

function positive(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value >= 2 ** 31) {
    throw new Error(`batchIndices: ${name} must be an integer in [1, 2^31), got ${value}`);
  }
}

/** A batch of images as networks take it. */
export interface ImageBatch {
  /** [indices.length, height, width, channels], from -1 (byte 0) to 1 (byte 255). */
  images: Float32Array;
  /** [indices.length]; empty where the set has no labels. */
  labels: Int32Array;
}

/**
 * The chosen images as floating-point numbers, with their labels.
 *
 * @param indices integers in [0, set.count); repeats are allowed
 */
export function gatherImages(set: ImageSet, indices: ArrayLike<number>): ImageBatch {
  const size = set.height * set.width * set.channels;
  const images = new Float32Array(indices.length * size);
  const labels = new Int32Array(set.labels ? indices.length : 0);
  checkIndices("gatherImages", set, indices);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] as number;
    const from = index * size;
    const to = i * size;
    for (let j = 0; j < size; j++) images[to + j] = UNIT[set.images[from + j] as number] as number;
    if (set.labels) labels[i] = set.labels[index] as number;
  }
  return { images, labels };
}

const UNIT: Float32Array = Float32Array.from({ length: 256 }, (_, byte) => byte / 127.5 - 1);

/** Refuses indices outside of a set; `caller` begins the sentence. */
export function checkIndices(caller: string, set: ImageSet, indices: ArrayLike<number>): void {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] as number;
    if (!Number.isInteger(index) || index < 0 || index >= set.count) {
      throw new Error(
        `${caller}: indices[${i}] is ${index}, expected an integer in [0, ${set.count})`,
      );
    }
  }
}
