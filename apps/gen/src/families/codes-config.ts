import * as v from "valibot";
import {
  commonSettings,
  count,
  counts,
  fraction,
  nonNegative,
  optimizerSchema,
  positive,
} from "../config.ts";
import { adamPreset } from "../preset-parts.ts";
import { convSchema } from "./vae-config.ts";

const learnt = {
  codes: count,
  features: count,
  commitment: nonNegative,
  restartBelow: fraction,
  decay: fraction,
};

const quantizerSchema = v.variant(
  "name",
  [
    v.strictObject({ name: v.literal("ema"), ...learnt }),
    v.strictObject({ name: v.literal("vector"), ...learnt }),
    v.strictObject({ name: v.literal("residual"), ...learnt, depth: count }),
    v.strictObject({ name: v.literal("finiteScalar"), levels: counts }),
    v.strictObject({ name: v.literal("lookupFree"), features: count, entropy: nonNegative }),
    v.strictObject({ name: v.literal("gumbel"), codes: count, features: count, kl: nonNegative }),
  ],
  "must be ema, vector, residual, finiteScalar, lookupFree or gumbel",
);

/** What runs of images as codes have in common: an autoencoder, then a prior over its codes. */
export const codesSettings = {
  ...commonSettings,
  model: convSchema,
  quantizer: quantizerSchema,
  /** A transformer over the codes, trained in the last `steps` of all; the autoencoder stands still then. */
  prior: v.strictObject({
    steps: count,
    learningRate: positive,
    width: count,
    depth: count,
    heads: count,
    labelDropout: fraction,
  }),
  optimizer: optimizerSchema,
  /** Of the prior. */
  ema: v.strictObject({ decay: fraction }),
  sampleEvery: count,
  samples: v.strictObject({ count, guidanceScale: nonNegative }),
};

const common = v.object(codesSettings);

/** The configuration of such a run, but for its task and what is its own. */
export type CodesRun = v.InferOutput<typeof common> & { task: string };

const codebook = { codes: 256, features: 16, commitment: 0.25, restartBelow: 0.03, decay: 0.99 };

/** By name: what `--set quantizer.name=…` brings. */
export const quantizers = {
  ema: { name: "ema", ...codebook },
  vector: { name: "vector", ...codebook },
  residual: { name: "residual", ...codebook, codes: 64, depth: 2 },
  finiteScalar: { name: "finiteScalar", levels: [8, 6, 5] },
  lookupFree: { name: "lookupFree", features: 8, entropy: 0.1 },
  gumbel: { name: "gumbel", codes: 256, features: 16, kl: 5e-4 },
} satisfies {
  [Name in CodesRun["quantizer"]["name"]]: CodesRun["quantizer"] & { name: Name };
};

/** For images of 28 pixels: 7 × 7 codes. */
export const codesPreset = {
  model: { kind: "conv", channels: [32, 64], blocks: 1, attention: [] },
  quantizer: quantizers.ema,
  prior: {
    steps: 1200,
    learningRate: 2e-3,
    width: 96,
    depth: 4,
    heads: 4,
    labelDropout: 0.1,
  },
  optimizer: { ...adamPreset, learningRate: 2e-3, clipNorm: 1000 },
  ema: { decay: 0.998 },
  batchSize: 64,
  seed: 0,
  checkpointEvery: 500,
  logEvery: 10,
  sampleEvery: 500,
  samples: { count: 40, guidanceScale: 1.5 },
} satisfies Partial<CodesRun>;

/** For images of 32 pixels in colour: 8 × 8 codes. Hours on a few cores. */
export const colourPreset = {
  ...codesPreset,
  model: { kind: "conv", channels: [64, 128], blocks: 2, attention: [8] },
  quantizer: { ...quantizers.ema, codes: 512, features: 32 },
  prior: { ...codesPreset.prior, steps: 20_000, width: 256, depth: 8, heads: 8 },
  checkpointEvery: 1000,
  sampleEvery: 2000,
} satisfies Partial<CodesRun>;

/** What makes a preset a trial: `Family.trials`. */
export const fewCodes = [
  "data.training=30",
  "data.heldOut=10",
  "batchSize=4",
  "model.channels=4,8",
  "quantizer.codes=8",
  "prior.width=8",
  "prior.depth=1",
  "prior.heads=2",
] as const;
