import { batchIndices, gatherImages } from "@gen/data";
import { foldIn, type Key, key, uniformArray } from "@gen/random";
import { tensor } from "@gen/tensor";
import type { Batch } from "@gen/train";
import { augment, type Augmentation } from "./augment.ts";
import type { RunConfig } from "./config.ts";
import type { Dataset, ImageDataset } from "./dataset.ts";

/** Changes the images of a batch, in [-1, 1], one after another; gives new numbers. */
export type Change = (images: Float32Array, stepKey: Key) => Float32Array;

export interface ExampleBatchOptions {
  /** How many examples: `batchSize` if left out. A GAN of n critic steps takes n times as many. */
  readonly size?: number;
  /** For images only, before they become a tensor. */
  readonly change?: Change;
}

interface Numbers {
  examples: Float32Array;
  /** None where there are no classes. */
  labels: Int32Array | undefined;
}

/** The numbers of a step's batch. */
function batchNumbers(
  dataset: Dataset,
  seed: number,
  size: number,
  change?: Change,
): (step: number) => Numbers {
  const orderKey = foldIn(key(seed), 3);
  const changeKey = foldIn(key(seed), 4);
  if (dataset.kind === "points") {
    const { training } = dataset;
    return (step) => {
      const indices = batchIndices(training.length / 2, size, orderKey, step);
      const points = new Float32Array(2 * size);
      indices.forEach((from, to) => points.set(training.subarray(2 * from, 2 * from + 2), 2 * to));
      return { examples: points, labels: undefined };
    };
  }
  const { training, examples } = dataset;
  return (step) => {
    const indices = batchIndices(training.count, size, orderKey, step);
    const { images, labels } = gatherImages(training, indices);
    return {
      examples: change ? change(images, foldIn(changeKey, step)) : images,
      labels: examples.classes > 0 ? labels : undefined,
    };
  };
}

/** Batches of `images` (or points) and, where there are any, `labels` (int32). A pure function of the step. */
export function exampleBatch(
  dataset: Dataset,
  { seed, batchSize }: RunConfig,
  { size = batchSize, change }: ExampleBatchOptions = {},
): (step: number) => Batch {
  const numbers = batchNumbers(dataset, seed, size, change);
  const shape = [size, ...dataset.examples.shape];
  return (step) => {
    const { examples, labels } = numbers(step);
    return {
      images: tensor(examples, shape),
      ...(labels && { labels: tensor(labels, [size], "int32") }),
    };
  };
}

/** The batches of a classifier: `images`, moved a little, and one-hot `targets`. A pure function of the step. */
export function classifierBatch(
  dataset: ImageDataset,
  { seed, batchSize, augment: how }: RunConfig & { augment: Augmentation },
): (step: number) => Batch {
  const { shape, classes } = dataset.examples;
  const { height, width, channels } = dataset.training;
  const numbers = batchNumbers(dataset, seed, batchSize, (images, stepKey) =>
    augment(images, { height, width, channels }, how, stepKey),
  );
  return (step) => {
    const { examples, labels } = numbers(step);
    const targets = new Float32Array(batchSize * classes);
    labels?.forEach((label, i) => (targets[i * classes + label] = 1));
    return {
      images: tensor(examples, [batchSize, ...shape]),
      targets: tensor(targets, [batchSize, classes]),
    };
  };
}

/**
 * Dynamic binarisation: each number is 1 with the probability that its grey says, else 0 (Salakhutdinov and Murray
 * 2008). In training every step draws anew; a likelihood is of one draw, which its report says.
 *
 * @param images in [-1, 1]
 */
export function binarized(images: Float32Array, stepKey: Key): Float32Array {
  const draws = uniformArray(stepKey, images.length);
  return images.map((grey, i) => ((draws[i] as number) < (grey + 1) / 2 ? 1 : 0));
}
