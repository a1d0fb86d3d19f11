import * as v from "valibot";
import { state } from "@gen/nn";
import type { Tensor } from "@gen/tensor";
import { trainStep } from "@gen/train";
import { vqvaeLoss } from "@gen/vae";
import { positive } from "../config.ts";
import type { Family } from "../family.ts";
import { createOptimizer } from "../optimizer.ts";
import { dataPresets } from "../preset-parts.ts";
import { codesPreset, codesSettings, colourPreset, fewCodes } from "./codes-config.ts";
import { codesFamily } from "./codes-family.ts";
import type { CodesSampling, TrainedCodes } from "./codes-model.ts";

const schema = v.strictObject({
  task: v.literal("vqvae"),
  ...codesSettings,
  /** Of the Gaussian likelihood: how much a pixel weighs against the codes' own loss. */
  variance: positive,
});

/** A VQ-VAE's run. */
export type VQVAEConfig = v.InferOutput<typeof schema>;

const mnist = {
  task: "vqvae",
  preset: "mnist",
  data: dataPresets.mnist,
  ...codesPreset,
  variance: 0.02,
  steps: 2700,
} satisfies VQVAEConfig;

const presets = {
  mnist,
  glyphs: {
    ...mnist,
    preset: "glyphs",
    data: dataPresets.glyphs,
    model: { ...codesPreset.model, channels: [16, 32] },
    quantizer: { ...codesPreset.quantizer, codes: 64 },
    prior: { ...codesPreset.prior, steps: 600, width: 64, depth: 3 },
    batchSize: 32,
    steps: 1400,
  },
  cifar10: {
    ...mnist,
    preset: "cifar10",
    data: dataPresets.cifar10,
    ...colourPreset,
    steps: 40_000,
  },
} satisfies Record<string, VQVAEConfig>;

/** Autoencoders of discrete codes, with a transformer as the prior of the codes. */
export const vqvae: Family<VQVAEConfig, TrainedCodes, CodesSampling> = codesFamily({
  task: "vqvae",
  about:
    "Train a VQ-VAE: an image becomes a map of codes, of which a transformer learns the prior.",
  examples: [
    "gen train vqvae --preset mnist --data ../shared/data --out runs/vqvae",
    "gen train vqvae --preset mnist --set quantizer.name=finiteScalar --out runs/fsq",
    "gen train vqvae --preset glyphs",
  ],
  schema,
  presets,
  trials: [
    {
      preset: "glyphs",
      set: [...fewCodes, "quantizer.features=4", "prior.steps=2"],
    },
    {
      preset: "glyphs",
      set: ["quantizer.name=residual", ...fewCodes, "prior.steps=1"],
    },
  ],
  variance: ({ variance }) => variance,
  stages(config, { autoencoder }, _dataset, steps) {
    const trainee = trainStep({
      parameters: state(autoencoder),
      loss: ({ images }, k) => vqvaeLoss({ model: autoencoder, images: images as Tensor, key: k }),
      optimizer: createOptimizer({ ...config, steps }),
    });
    return { stages: [{ name: "autoencoder", trainee, steps }], dispose: () => {} };
  },
});
