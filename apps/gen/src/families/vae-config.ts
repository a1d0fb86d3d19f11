import * as v from "valibot";
import {
  commonSettings,
  count,
  counter,
  counts,
  fraction,
  nonNegative,
  optimizerSchema,
  positive,
} from "../config.ts";
import { adamPreset, dataPresets, manyPoints, pointPresets } from "../preset-parts.ts";

/** A convolutional encoder and decoder. */
export const convSchema = v.strictObject({
  kind: v.literal("conv"),
  channels: counts,
  blocks: counter,
  /** Heights at which there is attention. */
  attention: v.array(count),
});
const denseSchema = v.strictObject({ kind: v.literal("dense"), hidden: counts });

const likelihoodSchema = v.variant(
  "name",
  [
    /** Of images binarised anew at every step. */
    v.strictObject({ name: v.literal("bernoulli") }),
    v.strictObject({ name: v.literal("gaussian"), variance: positive }),
    v.strictObject({ name: v.literal("gaussianWithVariance") }),
    v.strictObject({ name: v.literal("discretizedLogistic"), levels: count }),
  ],
  "must be bernoulli, gaussian, gaussianWithVariance or discretizedLogistic",
);

// β, which rises from 0 within so many steps; 0 for at once.
const weighed = { beta: nonNegative, annealing: counter };

const objectiveSchema = v.variant(
  "name",
  [
    v.strictObject({ name: v.literal("elbo"), ...weighed }),
    v.strictObject({ name: v.literal("freeBits"), ...weighed, nats: nonNegative }),
    v.strictObject({ name: v.literal("capacity"), ...weighed, nats: nonNegative }),
    v.strictObject({ name: v.literal("totalCorrelation"), ...weighed, weight: nonNegative }),
    v.strictObject({ name: v.literal("mmd"), ...weighed, kl: nonNegative }),
    v.strictObject({ name: v.literal("iwae"), samples: count }),
  ],
  "must be elbo, freeBits, capacity, totalCorrelation, mmd or iwae",
);

export const schema = v.strictObject({
  task: v.literal("vae"),
  ...commonSettings,
  model: v.variant("kind", [convSchema, denseSchema], "must be conv or dense"),
  latents: count,
  conditional: v.boolean(),
  likelihood: likelihoodSchema,
  objective: objectiveSchema,
  optimizer: optimizerSchema,
  ema: v.strictObject({ decay: fraction }),
  sampleEvery: count,
  samples: v.strictObject({ count }),
});

/** A variational autoencoder's run. */
export type VAEConfig = v.InferOutput<typeof schema>;

type ByKind<T, Field extends keyof T> = {
  [Name in T[Field] & string]: Extract<T, Record<Field, Name>>;
};

export const models: ByKind<VAEConfig["model"], "kind"> = {
  conv: { kind: "conv", channels: [32, 64], blocks: 0, attention: [] },
  dense: { kind: "dense", hidden: [400, 200] },
};

export const likelihoods: ByKind<VAEConfig["likelihood"], "name"> = {
  bernoulli: { name: "bernoulli" },
  gaussian: { name: "gaussian", variance: 0.05 },
  gaussianWithVariance: { name: "gaussianWithVariance" },
  discretizedLogistic: { name: "discretizedLogistic", levels: 256 },
};

export const objectives: ByKind<VAEConfig["objective"], "name"> = {
  elbo: { name: "elbo", beta: 1, annealing: 0 },
  freeBits: { name: "freeBits", beta: 1, annealing: 0, nats: 0.25 },
  capacity: { name: "capacity", beta: 30, annealing: 0, nats: 25 },
  totalCorrelation: { name: "totalCorrelation", beta: 1, annealing: 0, weight: 6 },
  mmd: { name: "mmd", beta: 10, annealing: 0, kl: 0 },
  iwae: { name: "iwae", samples: 16 },
};

const mnist = {
  task: "vae",
  preset: "mnist",
  data: dataPresets.mnist,
  model: models.conv,
  latents: 20,
  conditional: false,
  likelihood: likelihoods.bernoulli,
  objective: objectives.elbo,
  optimizer: { ...adamPreset, learningRate: 2e-3, clipNorm: 100 },
  ema: { decay: 0.998 },
  batchSize: 100,
  steps: 4000,
  seed: 0,
  checkpointEvery: 500,
  logEvery: 10,
  sampleEvery: 1000,
  samples: { count: 40 },
} satisfies VAEConfig;

export const presets = {
  mnist,
  "mnist-plane": { ...mnist, preset: "mnist-plane", latents: 2, steps: 2000 },
  glyphs: {
    ...mnist,
    preset: "glyphs",
    data: dataPresets.glyphs,
    model: { ...models.conv, channels: [16, 32] },
    conditional: true,
    batchSize: 64,
    steps: 1000,
    sampleEvery: 500,
  },
  cifar10: {
    ...mnist,
    preset: "cifar10",
    data: dataPresets.cifar10,
    model: { kind: "conv", channels: [64, 128, 256], blocks: 1, attention: [8] },
    latents: 128,
    likelihood: likelihoods.discretizedLogistic,
    objective: { ...objectives.freeBits, nats: 0.1 },
    optimizer: { ...adamPreset, learningRate: 1e-3, clipNorm: 1000 },
    steps: 40_000,
    checkpointEvery: 1000,
  },
  ...pointPresets<VAEConfig>({
    ...mnist,
    data: manyPoints,
    model: { kind: "dense", hidden: [64, 64] },
    latents: 2,
    likelihood: likelihoods.gaussianWithVariance,
    objective: objectives.iwae,
    optimizer: { ...adamPreset, learningRate: 3e-3, weightDecay: 0, clipNorm: 10 },
    batchSize: 256,
    steps: 6000,
    checkpointEvery: 1000,
    samples: { count: 2000 },
  }),
} satisfies Record<string, VAEConfig>;
