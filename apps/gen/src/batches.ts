import { batchIndices, gatherImages } from "@gen/data";
import { foldIn, key } from "@gen/random";
import { tensor } from "@gen/tensor";
import type { Batch } from "@gen/train";
import { augment } from "./augment.ts";
import type { ClassifierConfig, FlowConfig } from "./config.ts";
import type { Dataset } from "./dataset.ts";
import { misuse } from "./failure.ts";

/** The batches of a flow: images (or points) and, where there are any, labels. A pure function of the step. */
export function flowBatch(dataset: Dataset, config: FlowConfig): (step: number) => Batch {
  const orderKey = foldIn(key(config.seed), 3);
  const { batchSize } = config;
  const { examples } = dataset;
  const shape = [batchSize, ...examples.shape];
  if (dataset.kind === "points") {
    const { training } = dataset;
    return (step) => {
      const indices = batchIndices(training.length / 2, batchSize, orderKey, step);
      const points = new Float32Array(2 * batchSize);
      indices.forEach((from, to) => points.set(training.subarray(2 * from, 2 * from + 2), 2 * to));
      return { images: tensor(points, shape) };
    };
  }
  const { training } = dataset;
  return (step) => {
    const { images, labels } = gatherImages(
      training,
      batchIndices(training.count, batchSize, orderKey, step),
    );
    return {
      images: tensor(images, shape),
      ...(examples.classes > 0 && labels && { labels: tensor(labels, [batchSize], "int32") }),
    };
  };
}

/** The batches of a classifier: images, moved a little, and one-hot targets. A pure function of the step. */
export function classifierBatch(
  dataset: Dataset,
  config: ClassifierConfig,
): (step: number) => Batch {
  if (dataset.kind === "points") throw misuse("A classifier needs images; points have no classes.");
  const orderKey = foldIn(key(config.seed), 3);
  const augmentKey = foldIn(key(config.seed), 4);
  const { batchSize } = config;
  const { training, examples } = dataset;
  const { classes } = examples;
  const { height, width, channels } = training;
  return (step) => {
    const { images, labels } = gatherImages(
      training,
      batchIndices(training.count, batchSize, orderKey, step),
    );
    const moved = augment(
      images,
      { height, width, channels },
      config.augment,
      foldIn(augmentKey, step),
    );
    const targets = new Float32Array(batchSize * classes);
    labels?.forEach((label, i) => (targets[i * classes + label] = 1));
    return {
      images: tensor(moved, [batchSize, ...examples.shape]),
      targets: tensor(targets, [batchSize, classes]),
    };
  };
}
