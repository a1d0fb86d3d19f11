import { type Key, permutation } from "@gen/random";
import { checkIndices } from "./batch.ts";
import type { ImageSet } from "./image-set.ts";

/**
 * The chosen images as a set of their own.
 *
 * @param indices integers in [0, set.count); repeats are allowed
 */
export function subset(set: ImageSet, indices: ArrayLike<number>): ImageSet {
  checkIndices("subset", set, indices);
  const size = set.height * set.width * set.channels;
  const images = new Uint8Array(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const from = (indices[i] as number) * size;
    images.set(set.images.subarray(from, from + size), i * size);
  }
  const { labels } = set;
  return {
    ...set,
    images,
    ...(labels && { labels: Int32Array.from(indices, (index) => labels[index] as number) }),
    count: indices.length,
  };
}

/**
 * Splits a set at random in two that share no image: one to train on, one to test with. The same key gives the same
 * split.
 *
 * @param count how many to hold out, in [1, set.count)
 */
export function holdOut(
  set: ImageSet,
  count: number,
  key: Key,
): { train: ImageSet; heldOut: ImageSet } {
  if (!Number.isInteger(count) || count < 1 || count >= set.count) {
    throw new Error(`holdOut: count must be an integer in [1, ${set.count}), got ${count}`);
  }
  const order = permutation(key, set.count);
  return {
    train: subset(set, order.subarray(count).sort()),
    heldOut: subset(set, order.subarray(0, count).sort()),
  };
}
