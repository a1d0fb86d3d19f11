import { createHash } from "node:crypto";
import * as v from "valibot";
import { state } from "@gen/nn";
import { accuracy } from "@gen/metrics";
import { compile, foldIn, key, tensor, tidy, type Tensor } from "@gen/tensor";
import { trainStep, unprefixed } from "@gen/train";
import type { Augmentation } from "../augment.ts";
import { classifierBatch } from "../batches.ts";
import {
  commonSettings,
  count,
  counts,
  fraction,
  nonNegative,
  optimizerSchema,
} from "../config.ts";
import { type Dataset, normalized } from "../dataset.ts";
import { type Examples, sizeOf } from "../examples.ts";
import { exampleInput } from "../export-inputs.ts";
import { misuse } from "../failure.ts";
import type { Family, Found, Trained, Training } from "../family.ts";
import { formatShare } from "../format.ts";
import { createOptimizer } from "../optimizer.ts";
import type { Output } from "../output.ts";
import { adamPreset, dataPresets, fewImages } from "../preset-parts.ts";
import { disposeWeights, loadWeights, parameterCount } from "../trained-weights.ts";
import { Classifier, crossEntropy } from "./classifier-network.ts";

const schema = v.strictObject({
  task: v.literal("classifier"),
  ...commonSettings,
  model: v.strictObject({ kind: v.literal("cnn"), channels: counts, features: count }),
  augment: v.strictObject({ shift: nonNegative, rotate: nonNegative, zoom: fraction }),
  optimizer: optimizerSchema,
});

/** A classifier's run. */
export type ClassifierConfig = v.InferOutput<typeof schema>;

const glyphs = {
  task: "classifier",
  preset: "glyphs",
  data: dataPresets.glyphs,
  model: { kind: "cnn", channels: [16, 32, 64], features: 128 },
  augment: { shift: 2, rotate: 12, zoom: 0.1 } satisfies Augmentation,
  optimizer: { ...adamPreset, learningRate: 2e-3, warmup: 20 },
  batchSize: 64,
  steps: 600,
  seed: 0,
  checkpointEvery: 200,
  logEvery: 10,
} satisfies ClassifierConfig;

const presets = {
  "demo-glyphs": { ...glyphs, preset: "demo-glyphs", steps: 250 },
  glyphs,
  mnist: {
    ...glyphs,
    preset: "mnist",
    data: dataPresets.mnist,
    steps: 1000,
    checkpointEvery: 500,
  },
  cifar10: {
    ...glyphs,
    preset: "cifar10",
    data: dataPresets.cifar10,
    model: { kind: "cnn", channels: [32, 64, 128], features: 128 },
    augment: { shift: 4, rotate: 0, zoom: 0 },
    steps: 8000,
    checkpointEvery: 1000,
  },
} satisfies Record<string, ClassifierConfig>;

/** What a classifier makes of images. */
export interface Reading {
  /** The class of each. */
  labels: Int32Array;
  /** [count, features], row by row. */
  features: Float32Array;
}

/** A trained classifier, for use. */
export interface Reader extends Trained {
  readonly model: Classifier;
  readonly dims: number;
  /** A hash of its weights: scores by two classifiers do not compare. */
  readonly hash: string;
  /** @param images in [-1, 1], one after another */
  read(images: Float32Array): Promise<Reading>;
}

function createModel({ seed, model }: ClassifierConfig, { shape, classes }: Examples): Classifier {
  const [height, width, channels] = shape;
  if (channels === undefined || classes < 2) {
    throw misuse("A classifier needs images with labels of at least two classes.");
  }
  return new Classifier(foldIn(key(seed), 0), {
    height: height as number,
    width: width as number,
    channels,
    classes,
    levels: model.channels,
    features: model.features,
  });
}

function create(config: ClassifierConfig, dataset: Dataset): Training {
  if (dataset.kind !== "images" || dataset.examples.classes < 2) {
    throw misuse(
      `A classifier needs images with labels; the data set ${config.data.name} has none.`,
    );
  }
  const model = createModel(config, dataset.examples);
  const trainee = trainStep({
    parameters: state(model),
    loss: ({ images, targets }) => ({
      loss: crossEntropy(model.logits(model.features(images!)), targets!),
    }),
    optimizer: createOptimizer(config),
  });
  return {
    trainee,
    batch: classifierBatch(dataset, config),
    dispose() {
      trainee.dispose();
      disposeWeights(model);
    },
  };
}

const BATCH = 100;

function load(config: ClassifierConfig, examples: Examples, found: Found): Reader {
  const model = createModel(config, examples);
  loadWeights(model, found);
  const hash = createHash("sha256");
  const weights = unprefixed("model.", found.checkpoint.tensors);
  for (const [weight, { data }] of Object.entries(weights)) hash.update(weight).update(data);
  const { shape, classes } = examples;
  const size = sizeOf(examples);
  const dims = config.model.features;
  const forward = compile((images: Tensor) =>
    tidy(() => {
      const features = model.features(images);
      return { features, logits: model.logits(features) };
    }),
  );
  return {
    model,
    dims,
    hash: hash.digest("hex").slice(0, 16),
    parameters: parameterCount(model),
    async read(images) {
      const total = images.length / size;
      const result: Reading = {
        labels: new Int32Array(total),
        features: new Float32Array(total * dims),
      };
      for (let first = 0; first < total; first += BATCH) {
        const here = Math.min(BATCH, total - first);
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
    dispose() {
      forward.dispose();
      disposeWeights(model);
    },
  };
}

/** Tells the share of held-out images that it reads right. */
async function closing(reader: Reader, dataset: Dataset, output: Output): Promise<void> {
  if (dataset.kind !== "images") return;
  const { heldOut } = dataset;
  if (heldOut.count === 0 || !heldOut.labels) return;
  const { labels } = await reader.read(normalized(heldOut));
  const share = accuracy(labels, heldOut.labels);
  output.say(`Accuracy on ${heldOut.count} held-out images: ${formatShare(share)}`);
  output.event("accuracy", { heldOut: heldOut.count, accuracy: share });
}

/** Classifiers: they draw nothing, and judge what others have drawn. */
export const classifier: Family<ClassifierConfig, Reader> = {
  task: "classifier",
  about: "Train a small convolutional classifier, which `gen eval` judges samples by.",
  examples: [
    "gen train classifier --preset mnist --out runs/mnist-classifier",
    "gen train classifier --preset glyphs --steps 300",
  ],
  schema,
  presets,
  trials: [
    {
      preset: "glyphs",
      set: [...fewImages, "model.channels=4,4"],
    },
  ],
  create,
  load,
  closing,
  parts: {
    classifier: {
      build: ({ model }, examples) => ({
        fn: (images) =>
          tidy(() => {
            const features = model.features(images as Tensor);
            return [model.logits(features), features];
          }),
        inputs: (batch) => [exampleInput(examples, batch)],
        names: { inputs: ["images"], outputs: ["logits", "features"] },
        weights: state(model),
        metadata: { classes: String(examples.classes) },
      }),
    },
  },
};
