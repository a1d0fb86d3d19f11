import * as v from "valibot";
import { hinge, PatchDiscriminator } from "@gen/gan";
import { state } from "@gen/nn";
import { cast, foldIn, key, oneHot, type Tensor } from "@gen/tensor";
import { trainStep } from "@gen/train";
import { type FeatureMaps, vqganStep } from "@gen/vae";
import { count, counter, counts, nonNegative } from "../config.ts";
import { misuse } from "../failure.ts";
import type { Family } from "../family.ts";
import { createOptimizer } from "../optimizer.ts";
import { dataPresets } from "../preset-parts.ts";
import { disposeWeights } from "../trained-weights.ts";
import { Classifier, crossEntropy } from "./classifier-network.ts";
import { codesPreset, codesSettings, colourPreset, fewCodes } from "./codes-config.ts";
import { codesFamily } from "./codes-family.ts";
import type { CodesSampling, TrainedCodes } from "./codes-model.ts";
import type { Stage } from "./stages.ts";

const schema = v.strictObject({
  task: v.literal("vqgan"),
  ...codesSettings,
  /** The critic of patches: 0.8 times the adaptive weight, after so many steps of the autoencoder without it. */
  adversary: v.strictObject({
    baseChannels: count,
    depth: count,
    weight: nonNegative,
    warmup: counter,
  }),
  /** A classifier of the same images, trained in the first `steps` of all: its maps are the perceptual loss. 0: none. */
  features: v.strictObject({ steps: counter, channels: counts }),
});

/** A VQGAN's run. */
export type VQGANConfig = v.InferOutput<typeof schema>;

const mnist = {
  task: "vqgan",
  preset: "mnist",
  data: dataPresets.mnist,
  ...codesPreset,
  adversary: { baseChannels: 16, depth: 1, weight: 0.8, warmup: 700 },
  features: { steps: 200, channels: [16, 32] },
  optimizer: { ...codesPreset.optimizer, learningRate: 1e-3, beta1: 0.5, clipNorm: 10 },
  batchSize: 32,
  steps: 2900,
} satisfies VQGANConfig;

const presets = {
  mnist,
  glyphs: {
    ...mnist,
    preset: "glyphs",
    data: dataPresets.glyphs,
    model: { ...codesPreset.model, channels: [16, 32] },
    quantizer: { ...codesPreset.quantizer, codes: 64 },
    prior: { ...codesPreset.prior, steps: 600, width: 64, depth: 3 },
    adversary: { ...mnist.adversary, warmup: 400 },
    batchSize: 32,
    steps: 1600,
  },
  cifar10: {
    ...mnist,
    preset: "cifar10",
    data: dataPresets.cifar10,
    ...colourPreset,
    adversary: { baseChannels: 64, depth: 2, weight: 0.8, warmup: 5000 },
    features: { steps: 3000, channels: [32, 64, 128] },
    optimizer: { ...mnist.optimizer, learningRate: 2e-4 },
    steps: 60_000,
  },
} satisfies Record<string, VQGANConfig>;

const HIDDEN = 64;

/** Autoencoders of discrete codes that look real to a critic and to a classifier. */
export const vqgan: Family<VQGANConfig, TrainedCodes, CodesSampling> = codesFamily({
  task: "vqgan",
  about:
    "Train a VQGAN: codes by an autoencoder that must deceive a critic, and a transformer over them.",
  examples: [
    "gen train vqgan --preset mnist --data ../shared/data --out runs/vqgan",
    "gen train vqgan --preset glyphs --set features.steps=0 --set adversary.weight=0.5",
  ],
  schema,
  presets,
  trials: [
    {
      preset: "glyphs",
      set: [
        ...fewCodes,
        "quantizer.features=4",
        "features.steps=1",
        "features.channels=4,4",
        "adversary.baseChannels=4",
        "adversary.warmup=1",
        "prior.steps=1",
      ],
    },
  ],
  // Of no account: the loss is |x − x̂|.
  variance: () => 1,
  stages(config, { autoencoder }, { examples }, steps) {
    const { adversary, features, seed } = config;
    const [height, width, channels] = examples.shape as [number, number, number];
    const { classes } = examples;
    const rest = steps - features.steps;
    if (rest < 1) {
      throw misuse(
        `steps must be more than features.steps and prior.steps together, got ${config.steps}.`,
      );
    }
    const stages: Stage[] = [];
    let maps: FeatureMaps | undefined;
    let judge: Classifier | undefined;
    if (features.steps > 0) {
      if (classes < 2) {
        throw misuse("features need images with labels; set features.steps=0 for others.");
      }
      const classifier = (judge = new Classifier(foldIn(key(seed), 6), {
        height,
        width,
        channels,
        classes,
        levels: features.channels,
        features: HIDDEN,
      }));
      maps = (images) => {
        let x = images;
        return classifier.levels.map((level) => (x = level.forward(x)));
      };
      const trainee = trainStep({
        parameters: state(classifier),
        loss: ({ images, labels }) => ({
          loss: crossEntropy(
            classifier.logits(classifier.features(images as Tensor)),
            cast(oneHot(labels as Tensor, classes), "float32"),
          ),
        }),
        optimizer: createOptimizer({ ...config, steps: features.steps }),
      });
      stages.push({ name: "features", trainee, steps: features.steps });
    }
    const discriminator = new PatchDiscriminator(foldIn(key(seed), 7), {
      imageChannels: channels,
      baseChannels: adversary.baseChannels,
      depth: adversary.depth,
    });
    const optimizer = createOptimizer({ ...config, steps: rest });
    const trainee = vqganStep({
      model: autoencoder,
      discriminator,
      loss: {
        discriminator: hinge.discriminator,
        generator: (fake) => hinge.generator(fake, () => fake),
      },
      optimizer,
      discriminatorOptimizer: optimizer,
      features: maps,
      adversarialWeight: adversary.weight,
      warmUp: adversary.warmup,
    });
    stages.push({ name: "autoencoder", trainee, steps: rest });
    return {
      stages,
      dispose() {
        disposeWeights(discriminator);
        if (judge) disposeWeights(judge);
      },
    };
  },
});
