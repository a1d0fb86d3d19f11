import { clone, parameters, state } from "@gen/nn";
import { type Tensor, zeros } from "@gen/tensor";
import { Ema, type LossTrainee, linear, trainStep, warmedUpDecay } from "@gen/train";
import {
  capacityPenalty,
  freeBitsPenalty,
  iwaeLoss,
  klPenalty,
  mmdPenalty,
  type Penalty,
  scheduled,
  totalCorrelationPenalty,
  type VAE,
  vaeLoss,
} from "@gen/vae";
import { binarized, exampleBatch } from "../batches.ts";
import type { RunConfig } from "../config.ts";
import type { Dataset } from "../dataset.ts";
import type { Examples } from "../examples.ts";
import { exampleInput, labelInputs, labelNames } from "../export-inputs.ts";
import { misuse } from "../failure.ts";
import type { Family, Found, Training } from "../family.ts";
import { growingSamples } from "../growing-samples.ts";
import { fewImages } from "../preset-parts.ts";
import { createOptimizer } from "../optimizer.ts";
import { type Setting, wordSetting } from "../settings.ts";
import { disposeWeights, loadAverage } from "../trained-weights.ts";
import { shardsOf } from "../shards.ts";
import { likelihoods, models, objectives, presets, schema, type VAEConfig } from "./vae-config.ts";
import { tellBound, vaeLikelihood } from "./vae-likelihood.ts";
import { createModel, isBinary, trained, type TrainedVAE } from "./vae-model.ts";
import { interpolations, manifold, reconstructions, traversals } from "./vae-pictures.ts";

function penaltyOf(
  objective: Exclude<VAEConfig["objective"], { name: "iwae" }>,
  examples: number,
): Penalty {
  switch (objective.name) {
    case "elbo":
      return klPenalty;
    case "freeBits":
      return freeBitsPenalty(objective.nats);
    case "capacity":
      return capacityPenalty(objective.nats);
    case "totalCorrelation":
      return totalCorrelationPenalty({ count: examples, beta: objective.weight });
    case "mmd":
      return mmdPenalty({ kl: objective.kl });
  }
}

function createTrainee(config: VAEConfig, model: VAE, ema: Ema, examples: number): LossTrainee {
  const { objective, conditional } = config;
  const common = { parameters: parameters(model), optimizer: createOptimizer(config), ema };
  const condition = (labels: Tensor | undefined) => (conditional ? { condition: labels } : {});
  if (objective.name === "iwae") {
    const { samples } = objective;
    return trainStep({
      ...common,
      loss: ({ images, labels }, k) =>
        iwaeLoss({ model, images: images!, key: k, samples, ...condition(labels) }) as {
          loss: Tensor;
        },
    });
  }
  const { beta, annealing } = objective;
  const penalty = penaltyOf(objective, examples);
  const trainee = trainStep({
    ...common,
    // Other penalties look at the batch as a whole, and points are too few to pay.
    shards:
      objective.name === "elbo" && config.model.kind === "conv" ? shardsOf(config.batchSize, 2) : 1,
    loss: ({ images, labels, beta: now = beta }, k) =>
      vaeLoss({ model, images: images!, key: k, beta: now, penalty, ...condition(labels) }),
  });
  if (annealing === 0) return trainee;
  return scheduled(trainee, { beta: linear({ from: 0, to: beta, steps: annealing }) });
}

const pixels: Setting<"mean" | "draw"> = {
  ...wordSetting("The mean of p(x | z), or a draw from it", ["mean", "draw"], "mean"),
  usual: "mean; draw for points",
  fallback: ({ shape }) => (shape.length === 1 ? "draw" : "mean"),
};

function create(config: VAEConfig, dataset: Dataset): Training {
  const { examples } = dataset;
  if (isBinary(config) && dataset.kind === "points") {
    throw misuse("likelihood.name bernoulli is for images; for points take gaussianWithVariance.");
  }
  const model = createModel(config, examples);
  const ema = new Ema(parameters(model), warmedUpDecay(config.ema.decay));
  const total = dataset.kind === "points" ? dataset.training.length / 2 : dataset.training.count;
  const trainee = createTrainee(config, model, ema, total);
  let average: TrainedVAE | undefined;
  return {
    trainee,
    batch: exampleBatch(dataset, config, isBinary(config) ? { change: binarized } : {}),
    picture: {
      every: config.sampleEvery,
      draw() {
        const { model: copy, draw } = (average ??= trained(config, clone(model), examples));
        ema.copyTo(parameters(copy));
        const settings = { pixels: pixels.fallback(examples) };
        return growingSamples(config, dataset, config.samples.count, settings, draw);
      },
    },
    dispose() {
      trainee.dispose();
      ema.dispose();
      average?.dispose();
      disposeWeights(model);
    },
  };
}

function load(config: VAEConfig, examples: Examples, found: Found): TrainedVAE {
  const model = createModel(config, examples);
  loadAverage(model, found);
  return trained(config, model, examples);
}

const ofImages = (_config: RunConfig, { shape }: Examples): boolean => shape.length === 3;

/** Variational autoencoders. */
export const vae: Family<VAEConfig, TrainedVAE, { pixels: typeof pixels }> = {
  task: "vae",
  about: "Train a variational autoencoder: an image becomes a few numbers, and numbers an image.",
  examples: [
    "gen train vae --preset mnist --data ../shared/data --out runs/vae",
    "gen train vae --preset mnist --set objective.beta=4 --set objective.annealing=1000 --out runs/beta-vae",
    "gen train vae --preset glyphs --set objective.name=totalCorrelation --out runs/tc-vae",
    "gen train vae --preset points-8gaussians",
  ],
  schema,
  presets,
  trials: [
    {
      preset: "glyphs",
      set: [...fewImages, "model.channels=4,8"],
    },
    {
      preset: "mnist-plane",
      set: [
        "data.name=glyphs",
        ...fewImages,
        "model.kind=dense",
        "model.hidden=16",
        "likelihood.name=discretizedLogistic",
        "objective.name=freeBits",
        "objective.annealing=3",
      ],
    },
    { preset: "points-moons", set: ["data.training=100", "model.hidden=8"] },
  ],
  alternatives: {
    "model.kind": models,
    "likelihood.name": likelihoods,
    "objective.name": objectives,
  },
  create,
  load,
  sampling: {
    settings: { pixels },
    labelled: (config) => (config as VAEConfig).conditional,
    draw: ({ draw }, plan) => draw(plan),
  },
  likelihood: vaeLikelihood,
  pictures: {
    reconstructions: {
      about: "Held-out images, and below each what it becomes",
      applies: ofImages,
      draw: reconstructions,
    },
    traversals: {
      about: "One latent at a time from -3 to 3, those that say most first",
      applies: ofImages,
      draw: traversals,
    },
    interpolations: {
      about: "From one held-out image to another through the latents",
      applies: ofImages,
      draw: interpolations,
    },
    manifold: {
      about: "All that two latents make, from -2.5 to 2.5",
      applies: (config, examples) =>
        (config as VAEConfig).latents === 2 && ofImages(config, examples),
      draw: manifold,
    },
  },
  parts: {
    decoder: {
      build: ({ model, config, examples }) => ({
        fn: (z, labels) => model.decode(z as Tensor, labels),
        inputs: (batch) => [zeros([batch, config.latents]), ...labelInputs(examples, batch)],
        names: { inputs: ["z", ...labelNames(examples)], outputs: ["images"] },
        weights: state(model),
        metadata: { likelihood: config.likelihood.name, range: isBinary(config) ? "0 1" : "-1 1" },
      }),
    },
    encoder: {
      build: ({ model, config, examples }) => ({
        fn: (images, labels) => {
          const { mean, logVariance } = model.encode(images as Tensor, labels);
          return [mean, logVariance];
        },
        inputs: (batch) => [exampleInput(examples, batch), ...labelInputs(examples, batch)],
        names: { inputs: ["images", ...labelNames(examples)], outputs: ["mean", "logVariance"] },
        weights: state(model),
        metadata: { range: isBinary(config) ? "0 1" : "-1 1" },
      }),
    },
  },
  closing: tellBound,
};
