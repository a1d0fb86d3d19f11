import type { PointSetName } from "@gen/data";
import type { DataConfig, OptimizerConfig } from "./config.ts";

/** The data sets as presets name them; also what `--set data.name=…` brings. */
export const dataPresets = {
  glyphs: { name: "glyphs", training: 8000, heldOut: 1000, seed: 1 },
  mnist: { name: "mnist", training: 9000, heldOut: 1000 },
  cifar10: { name: "cifar10", training: 50_000, heldOut: 10_000 },
  folder: { name: "folder", path: ".", heldOut: 0 },
  points: { name: "points", set: "eightGaussians", training: 20_000, seed: 1 },
} satisfies { [Name in DataConfig["name"]]: DataConfig & { name: Name } };

/** Points for a density, which learns few by heart: ten times as many. */
export const manyPoints = { ...dataPresets.points, training: 200_000 } satisfies DataConfig;

/** AdamW for a thousand steps or so of a small network. */
export const adamPreset: OptimizerConfig = {
  learningRate: 1e-3,
  warmup: 100,
  schedule: "cosine",
  beta1: 0.9,
  beta2: 0.99,
  weightDecay: 0.01,
  clipNorm: 1,
};

const pointSets = {
  "points-8gaussians": "eightGaussians",
  "points-moons": "moons",
  "points-swissroll": "swissRoll",
  "points-checkerboard": "checkerboard",
} satisfies Record<string, PointSetName>;

/** One preset for each of the usual sets of points: `points-moons`, … How many there are says the preset's own data. */
export function pointPresets<C extends { preset: string; data: DataConfig }>(
  preset: C,
): Record<keyof typeof pointSets, C> {
  const data = preset.data.name === "points" ? preset.data : dataPresets.points;
  return Object.fromEntries(
    Object.entries(pointSets).map(([name, set]) => [
      name,
      { ...preset, preset: name, data: { ...data, set } },
    ]),
  ) as Record<keyof typeof pointSets, C>;
}

/** What makes a preset of images a trial: `Family.trials`. */
export const fewImages = ["data.training=20", "data.heldOut=10", "batchSize=4"] as const;
