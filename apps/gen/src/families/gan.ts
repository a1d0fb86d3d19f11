import * as v from "valibot";
import { adversarialLosses, ganStep } from "@gen/gan";
import { clone, state } from "@gen/nn";
import { dispose, type Tensor, zeros } from "@gen/tensor";
import { Ema, loadState, unprefixed, warmedUpDecay } from "@gen/train";
import { exampleBatch } from "../batches.ts";
import type { Dataset } from "../dataset.ts";
import type { Examples } from "../examples.ts";
import { labelInputs, labelNames } from "../export-inputs.ts";
import type { ExportedPart, Family, Found, Training } from "../family.ts";
import { growingSamples } from "../growing-samples.ts";
import { createOptimizer } from "../optimizer.ts";
import { dataPresets, fewImages, pointPresets } from "../preset-parts.ts";
import { disposeWeights } from "../trained-weights.ts";
import {
  bothPlayers,
  dcganPlayers,
  gameSettings,
  type GANConfig,
  noRegularizers,
  pointPlayers,
  r3ganPlayers,
  resnetPlayers,
  steadyAdam,
  stylePlayers,
} from "./gan-config.ts";
import { interpolations, projections, truncations } from "./gan-pictures.ts";
import { createPlayers } from "./gan-players.ts";
import { createAugmentation, createRegularizers } from "./gan-regularizers.ts";
import {
  drawGAN,
  type GANSettings,
  latentSettings,
  styleSettings,
  type TrainedGAN,
  trainedGAN,
} from "./gan-sampling.ts";

// One game of two players, and tasks that are choices of it: networks, loss, regularisers.

function create(config: GANConfig, dataset: Dataset, usual: GANSettings): Training {
  const { examples } = dataset;
  const players = createPlayers(config, examples);
  const { generator, discriminator } = players;
  const regularizers = createRegularizers(config, players);
  const augmentation = createAugmentation(config);
  // With what batch norms remember.
  const ema = new Ema(state(generator), warmedUpDecay(config.ema.decay));
  const { loss, criticSteps } = config.game;
  const trainee = ganStep({
    generator,
    discriminator,
    generatorOptimizer: createOptimizer({
      optimizer: config.generatorOptimizer,
      steps: config.steps,
    }),
    discriminatorOptimizer: createOptimizer({
      optimizer: config.discriminatorOptimizer,
      steps: criticSteps * config.steps,
    }),
    loss: adversarialLosses[loss],
    regularizers,
    augmentation,
    criticSteps,
    ema,
  });
  let average: TrainedGAN | undefined;
  return {
    trainee,
    batch: exampleBatch(dataset, config, { size: criticSteps * config.batchSize }),
    picture: {
      every: config.sampleEvery,
      draw() {
        const trained = (average ??= trainedGAN(clone(generator), examples));
        ema.copyTo(state(trained.generator));
        return growingSamples(config, dataset, config.samples.count, usual, (plan) =>
          drawGAN(trained, plan),
        );
      },
    },
    dispose() {
      trainee.dispose();
      ema.dispose();
      average?.dispose();
      for (const { state: memory } of regularizers) dispose(memory?.() ?? []);
      dispose(augmentation?.state() ?? []);
      disposeWeights(generator);
      disposeWeights(discriminator);
    },
  };
}

function load(config: GANConfig, examples: Examples, { name, checkpoint }: Found): TrainedGAN {
  const { generator, discriminator } = createPlayers(config, examples);
  disposeWeights(discriminator);
  const weights = state(generator);
  const ema = new Ema(weights);
  try {
    loadState(ema.state(), unprefixed("ema.", checkpoint.tensors), name);
    ema.copyTo(weights);
  } finally {
    ema.dispose();
  }
  return trainedGAN(generator, examples);
}

/** z and, where there are classes, labels → samples. */
function generatorPart({ generator }: TrainedGAN, examples: Examples): ExportedPart {
  return {
    fn: (z, labels) => generator.forward(z as Tensor, "inference", { labels }),
    inputs: (batch) => [zeros([batch, generator.latents]), ...labelInputs(examples, batch)],
    names: { inputs: ["z", ...labelNames(examples)], outputs: ["samples"] },
    weights: state(generator),
    metadata: { latents: String(generator.latents), classes: String(examples.classes) },
  };
}

type Settings = typeof latentSettings | typeof styleSettings;
type Task<C extends GANConfig> = Pick<
  Family<C>,
  "task" | "about" | "examples" | "schema" | "presets" | "trials" | "alternatives"
>;

/** A task of two players. */
function ganFamily<C extends GANConfig>(
  task: Task<C>,
  settings: Settings,
  sweep: readonly number[],
): Family<C, TrainedGAN, Settings> {
  const applies = (_: unknown, { shape }: Examples): boolean => shape.length === 3;
  return {
    ...task,
    create: (config, dataset) =>
      create(config, dataset, { truncation: settings.truncation.fallback(dataset.examples) }),
    load,
    sampling: { settings, draw: drawGAN },
    pictures: {
      interpolations: {
        about: "From one latent to another, a row for each label",
        applies,
        draw: interpolations,
      },
      truncations: {
        about: "The same latents at several truncations",
        applies,
        draw: truncations(sweep),
      },
      projections: {
        about: "Held-out images, and below each the nearest that the generator can make",
        applies,
        draw: projections,
      },
    },
    parts: { generator: { build: generatorPart } },
  };
}

const limits = [0.25, 0.5, 1, 1.5, 2, 10];
const psis = [0, 0.25, 0.5, 0.75, 1, 1.25];

const kinds = {
  points: { kind: "points", latents: 2, width: 128, depth: 3 },
  dcgan: {
    kind: "dcgan",
    latents: 64,
    generatorChannels: 32,
    discriminatorChannels: 32,
    norm: "none",
    condition: "projection",
  },
  resnet: {
    kind: "resnet",
    latents: 64,
    generatorChannels: 32,
    discriminatorChannels: 32,
    head: "projection",
  },
  r3gan: {
    kind: "r3gan",
    latents: 64,
    generatorChannels: 16,
    discriminatorChannels: 16,
    blocks: 1,
  },
  stylegan: {
    kind: "stylegan",
    latents: 64,
    generatorChannels: 16,
    discriminatorChannels: 16,
    mapping: 2,
    styles: "weights",
    mixing: 0.9,
  },
} satisfies { [Kind in GANConfig["model"]["kind"]]: GANConfig["model"] & { kind: Kind } };

/** R3GAN's game (arXiv:2501.05441): it needs no tricks. */
const calm = {
  game: { loss: "relativistic", criticSteps: 1, augmentation: "none" },
  regularizers: { ...noRegularizers, r1: 0.01, r2: 0.01 },
  ...bothPlayers(steadyAdam),
  ema: { decay: 0.999 },
  seed: 0,
  checkpointEvery: 500,
  logEvery: 10,
  sampleEvery: 500,
  samples: { count: 40 },
} satisfies Partial<GANConfig>;

const images = {
  ...calm,
  data: dataPresets.mnist,
  batchSize: 64,
  steps: 3000,
} satisfies Partial<GANConfig>;

const points = {
  ...calm,
  data: dataPresets.points,
  regularizers: { ...noRegularizers, r1: 0.5, r2: 0.5 },
  ...bothPlayers({ ...steadyAdam, learningRate: 1e-3 }),
  batchSize: 256,
  steps: 4000,
  sampleEvery: 1000,
  samples: { count: 2000 },
} satisfies Partial<GANConfig>;

/** What a task of images starts from, on each set of images. */
function imagePresets<C extends GANConfig>(preset: C): Record<"mnist" | "glyphs" | "cifar10", C> {
  return {
    mnist: { ...preset, preset: "mnist", data: dataPresets.mnist },
    glyphs: { ...preset, preset: "glyphs", data: dataPresets.glyphs, steps: 2500 },
    cifar10: { ...preset, preset: "cifar10", data: dataPresets.cifar10, steps: 20_000 },
  };
}

/** Few steps on few images. */
const small = [...fewImages, "samples.count=10"];
const narrow = ["model.latents=4", "model.generatorChannels=4", "model.discriminatorChannels=4"];

const ganSchema = v.strictObject({
  task: v.literal("gan"),
  ...gameSettings,
  model: v.variant(
    "kind",
    [pointPlayers, dcganPlayers, resnetPlayers],
    "must be points, dcgan or resnet",
  ),
});
type GANRun = v.InferOutput<typeof ganSchema>;

/** Two players whose loss and regularisers one chooses. */
export const gan = ganFamily<GANRun>(
  {
    task: "gan",
    about:
      "Train a generative adversarial network: DCGAN or ResNet players, with six losses and any regularisers.",
    examples: [
      "gen train gan --preset mnist --data ../shared/data --out runs/mnist-gan",
      "gen train gan --preset glyphs --set game.loss=hinge --set model.kind=resnet --set regularizers.r2=0",
      "gen train gan --preset points-8gaussians",
    ],
    schema: ganSchema,
    presets: {
      ...imagePresets<GANRun>({ ...images, task: "gan", preset: "", model: kinds.dcgan }),
      ...pointPresets<GANRun>({ ...points, task: "gan", preset: "", model: kinds.points }),
    },
    alternatives: {
      "model.kind": { points: kinds.points, dcgan: kinds.dcgan, resnet: kinds.resnet },
    },
    trials: [
      { preset: "glyphs", set: [...small, ...narrow, "model.norm=batch"] },
      {
        preset: "glyphs",
        set: [
          ...small,
          "model.kind=resnet",
          ...narrow,
          "model.head=classifier",
          "game.augmentation=adaptive",
          "game.loss=hinge",
        ],
      },
      { preset: "points-8gaussians", set: ["data.training=100", "model.width=8"] },
    ],
  },
  latentSettings,
  limits,
);

const wassersteinSchema = v.strictObject({ ...ganSchema.entries, task: v.literal("wgan-gp") });
type WassersteinRun = v.InferOutput<typeof wassersteinSchema>;

const wasserstein = {
  game: { loss: "wasserstein", criticSteps: 3, augmentation: "none" },
  regularizers: { ...noRegularizers, gradientPenalty: 10 },
  ...bothPlayers({ ...steadyAdam, beta2: 0.9 }),
} satisfies Partial<GANConfig>;

/** A critic that measures how far the samples are from the data. */
export const wganGP = ganFamily<WassersteinRun>(
  {
    task: "wgan-gp",
    about: "Train a Wasserstein GAN with gradient penalty: its critic's gap is a distance.",
    examples: [
      "gen train wgan-gp --preset mnist --data ../shared/data --out runs/mnist-wgan",
      "gen train wgan-gp --preset points-moons --set game.criticSteps=5",
    ],
    schema: wassersteinSchema,
    presets: {
      ...imagePresets<WassersteinRun>({
        ...images,
        task: "wgan-gp",
        preset: "",
        model: kinds.dcgan,
        ...wasserstein,
        steps: 2500,
      }),
      ...pointPresets<WassersteinRun>({
        ...points,
        task: "wgan-gp",
        preset: "",
        model: kinds.points,
        ...wasserstein,
        regularizers: { ...noRegularizers, gradientPenalty: 0.1 },
        ...bothPlayers({ ...steadyAdam, beta2: 0.9, learningRate: 1e-3 }),
      }),
    },
    alternatives: {
      "model.kind": { points: kinds.points, dcgan: kinds.dcgan, resnet: kinds.resnet },
    },
    trials: [{ preset: "glyphs", set: [...small, ...narrow] }],
  },
  latentSettings,
  limits,
);

const r3ganSchema = v.strictObject({
  task: v.literal("r3gan"),
  ...gameSettings,
  model: r3ganPlayers,
});
type R3GANRun = v.InferOutput<typeof r3ganSchema>;

/** Residual players without norms. */
export const r3gan = ganFamily<R3GANRun>(
  {
    task: "r3gan",
    about: "Train R3GAN, the modern baseline: residual players, a relativistic loss, R1 and R2.",
    examples: ["gen train r3gan --preset mnist --data ../shared/data --out runs/mnist-r3gan"],
    schema: r3ganSchema,
    presets: imagePresets<R3GANRun>({
      ...images,
      task: "r3gan",
      preset: "",
      model: kinds.r3gan,
    }),
    trials: [{ preset: "glyphs", set: [...small, ...narrow] }],
  },
  latentSettings,
  limits,
);

const styleganSchema = v.strictObject({
  task: v.literal("stylegan"),
  ...gameSettings,
  model: stylePlayers,
});
type StyleGANRun = v.InferOutput<typeof styleganSchema>;

/** A latent becomes a style, and the style sets the weights. */
export const stylegan = ganFamily<StyleGANRun>(
  {
    task: "stylegan",
    about: "Train StyleGAN2 (model.styles=adain: StyleGAN): styles, noise, mixing, path lengths.",
    examples: [
      "gen train stylegan --preset glyphs",
      "gen train stylegan --preset mnist --data ../shared/data --set regularizers.pathLength=2",
    ],
    schema: styleganSchema,
    presets: imagePresets<StyleGANRun>({
      ...images,
      task: "stylegan",
      preset: "",
      model: kinds.stylegan,
      game: { loss: "non-saturating", criticSteps: 1, augmentation: "none" },
      regularizers: { ...noRegularizers, r1: 0.1, pathLength: 2, every: 8 },
      ...bothPlayers({ ...steadyAdam, learningRate: 2.5e-3 }),
    }),
    trials: [{ preset: "glyphs", set: [...small, ...narrow, "regularizers.every=2"] }],
  },
  styleSettings,
  psis,
);
