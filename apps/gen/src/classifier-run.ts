import { createHash } from "node:crypto";
import { compile, foldIn, type Key, key, tensor, tidy, type Tensor } from "@gen/tensor";
import { state } from "@gen/nn";
import { type Checkpoint, loadState, trainStep, unprefixed } from "@gen/train";
import { classifierBatch } from "./batches.ts";
import { Classifier, crossEntropy } from "./classifier.ts";
import type { ClassifierConfig } from "./config.ts";
import type { Dataset } from "./dataset.ts";
import type { Examples } from "./examples.ts";
import { misuse } from "./failure.ts";
import { createOptimizer } from "./optimizer.ts";
import type { Output } from "./output.ts";
import { runTraining, type TrainingReport } from "./train-run.ts";

/** The network that a configuration describes. */
export function createClassifier(
  modelKey: Key,
  { model }: ClassifierConfig,
  { shape, classes }: Examples,
): Classifier {
  const [height, width, channels] = shape;
  if (channels === undefined || classes < 2) {
    throw misuse("A classifier needs images with labels of at least two classes.");
  }
  return new Classifier(modelKey, {
    height: height as number,
    width: width as number,
    channels,
    classes,
    levels: model.channels,
    features: model.features,
  });
}

/** What a classifier makes of images. */
export interface Reading {
  /** The class of each. */
  labels: Int32Array;
  /** [count, features], row by row. */
  features: Float32Array;
}

/** A trained classifier, for use. */
export interface Reader {
  readonly dims: number;
  /** A hash of its weights: scores by two classifiers do not compare. */
  readonly hash: string;
  /** @param images in [-1, 1], one after another */
  read(images: Float32Array): Promise<Reading>;
}

/** Trains a classifier in a run folder. */
export async function runClassifier(
  folder: string,
  config: ClassifierConfig,
  dataset: Dataset,
  output: Output,
): Promise<TrainingReport> {
  const { examples } = dataset;
  const model = createClassifier(foldIn(key(config.seed), 0), config, examples);
  const trainee = trainStep({
    parameters: state(model),
    loss: ({ images, targets }) => ({
      loss: crossEntropy(model.logits(model.features(images!)), targets!),
    }),
    optimizer: createOptimizer(config),
  });
  try {
    return await runTraining({
      folder,
      config,
      examples,
      trainee,
      batch: classifierBatch(dataset, config),
      output,
    });
  } finally {
    trainee.dispose();
    for (const variable of Object.values(state(model))) variable.dispose();
  }
}

/** A checkpoint and its name. */
export interface Found {
  name: string;
  checkpoint: Checkpoint;
}

/** The network of a checkpoint. */
export function loadClassifierModel(
  config: ClassifierConfig,
  examples: Examples,
  { name, checkpoint }: Found,
): Classifier {
  const model = createClassifier(foldIn(key(config.seed), 0), config, examples);
  loadState(state(model), unprefixed("model.", checkpoint.tensors), name);
  return model;
}

/** The classifier of a checkpoint, for use. */
export function loadClassifier(config: ClassifierConfig, examples: Examples, found: Found): Reader {
  const model = loadClassifierModel(config, examples, found);
  const hash = createHash("sha256");
  const weights = unprefixed("model.", found.checkpoint.tensors);
  for (const [weight, { data }] of Object.entries(weights)) hash.update(weight).update(data);
  return createReader(model, examples, config.model.features, hash.digest("hex").slice(0, 16));
}

const BATCH = 100;

function createReader(
  model: Classifier,
  { shape, classes }: Examples,
  dims: number,
  hash: string,
): Reader {
  const size = shape.reduce((product, n) => product * n, 1);
  const forward = compile((images: Tensor) =>
    tidy(() => {
      const features = model.features(images);
      return { features, logits: model.logits(features) };
    }),
  );
  return {
    dims,
    hash,
    async read(images) {
      const count = images.length / size;
      const result: Reading = {
        labels: new Int32Array(count),
        features: new Float32Array(count * dims),
      };
      for (let first = 0; first < count; first += BATCH) {
        const here = Math.min(BATCH, count - first);
        const numbers = new Float32Array(BATCH * size);
        numbers.set(images.subarray(first * size, (first + here) * size));
        const input = tensor(numbers, [BATCH, ...shape]);
        const { features, logits } = forward(input);
        const [f, l] = await Promise.all([features.data(), logits.data()]);
        result.features.set((f as Float32Array).subarray(0, here * dims), first * dims);
        for (let i = 0; i < here; i++) {
          const row = l.subarray(i * classes, (i + 1) * classes);
          result.labels[first + i] = row.indexOf(Math.max(...row) as never);
        }
        for (const t of [input, features, logits]) t.dispose();
      }
      return result;
    },
  };
}
