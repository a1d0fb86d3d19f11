import type { PointSetName } from "@gen/data";
import type { ClassifierConfig, DataConfig, FlowConfig, RunConfig } from "./config.ts";
import { parseConfig } from "./config.ts";
import { unknown } from "./closest.ts";
import { applyOverride } from "./overrides.ts";

const data = {
  glyphs: { name: "glyphs", training: 8000, heldOut: 1000, seed: 1 },
  mnist: { name: "mnist", training: 9000, heldOut: 1000 },
  cifar10: { name: "cifar10", training: 50_000, heldOut: 10_000 },
  folder: { name: "folder", path: ".", heldOut: 0 },
  points: { name: "points", set: "eightGaussians", training: 20_000, seed: 1 },
} satisfies { [Name in DataConfig["name"]]: DataConfig & { name: Name } };

const models = {
  unet: {
    kind: "unet",
    baseChannels: 32,
    multipliers: [1, 2, 2],
    blocks: 1,
    attention: [],
  },
  dit: { kind: "dit", patch: 4, width: 128, depth: 6, heads: 4 },
  mlp: { kind: "mlp", width: 128, depth: 4, fourierFeatures: 32 },
} satisfies { [Kind in FlowConfig["model"]["kind"]]: FlowConfig["model"] & { kind: Kind } };

const flow = {
  task: "flow",
  preset: "glyphs",
  data: data.glyphs,
  model: models.unet,
  flow: { times: "logit-normal", labelDropout: 0.1 },
  optimizer: {
    learningRate: 1e-3,
    warmup: 100,
    schedule: "cosine",
    beta1: 0.9,
    beta2: 0.99,
    weightDecay: 0.01,
    clipNorm: 1,
  },
  ema: { decay: 0.998 },
  batchSize: 32,
  steps: 1500,
  seed: 0,
  checkpointEvery: 250,
  logEvery: 10,
  sampleEvery: 500,
  samples: { count: 40, steps: 15, guidanceScale: 2 },
} satisfies FlowConfig;

function points(preset: string, set: PointSetName): FlowConfig {
  return {
    ...flow,
    preset,
    data: { ...data.points, set },
    model: models.mlp,
    flow: { times: "uniform", labelDropout: 0 },
    batchSize: 256,
    steps: 3000,
    sampleEvery: 1000,
    samples: { count: 2000, steps: 25, guidanceScale: 1 },
  };
}

const classifier = {
  task: "classifier",
  preset: "glyphs",
  data: data.glyphs,
  model: { kind: "cnn", channels: [16, 32, 64], features: 128 },
  augment: { shift: 2, rotate: 12, zoom: 0.1 },
  optimizer: {
    learningRate: 2e-3,
    warmup: 20,
    schedule: "cosine",
    beta1: 0.9,
    beta2: 0.99,
    weightDecay: 0.01,
    clipNorm: 1,
  },
  batchSize: 64,
  steps: 600,
  seed: 0,
  checkpointEvery: 200,
  logEvery: 10,
} satisfies ClassifierConfig;

/** What `gen train flow --preset` knows. */
export const flowPresets: Record<string, FlowConfig> = {
  "demo-glyphs": {
    ...flow,
    preset: "demo-glyphs",
    model: { ...models.unet, baseChannels: 16 },
    steps: 700,
    sampleEvery: 350,
  },
  glyphs: flow,
  mnist: {
    ...flow,
    preset: "mnist",
    data: data.mnist,
    model: { ...models.unet, baseChannels: 24 },
    steps: 1500,
  },
  cifar10: {
    ...flow,
    preset: "cifar10",
    data: data.cifar10,
    model: {
      ...models.unet,
      baseChannels: 64,
      multipliers: [1, 2, 2, 2],
      blocks: 2,
      attention: [16],
    },
    steps: 50_000,
    checkpointEvery: 1000,
    sampleEvery: 1000,
  },
  folder: { ...flow, preset: "folder", data: data.folder },
  "points-8gaussians": points("points-8gaussians", "eightGaussians"),
  "points-moons": points("points-moons", "moons"),
  "points-swissroll": points("points-swissroll", "swissRoll"),
  "points-checkerboard": points("points-checkerboard", "checkerboard"),
};

/** What `gen train classifier --preset` knows. */
export const classifierPresets: Record<string, ClassifierConfig> = {
  "demo-glyphs": { ...classifier, preset: "demo-glyphs", steps: 250 },
  glyphs: classifier,
  mnist: { ...classifier, preset: "mnist", data: data.mnist, steps: 1000, checkpointEvery: 500 },
  cifar10: {
    ...classifier,
    preset: "cifar10",
    data: data.cifar10,
    model: { kind: "cnn", channels: [32, 64, 128], features: 128 },
    augment: { shift: 4, rotate: 0, zoom: 0 },
    steps: 8000,
    checkpointEvery: 1000,
  },
};

const presets = { flow: flowPresets, classifier: classifierPresets };

/** The names of the presets of a task, for help and error texts. */
export function presetNames(task: RunConfig["task"]): string[] {
  return Object.keys(presets[task]);
}

/** A preset with `a.b=c` overrides applied one after another, checked. */
export function resolveConfig(
  task: "flow",
  preset: string,
  overrides: readonly string[],
): FlowConfig;
export function resolveConfig(
  task: "classifier",
  preset: string,
  overrides: readonly string[],
): ClassifierConfig;
export function resolveConfig(
  task: RunConfig["task"],
  preset: string,
  overrides: readonly string[],
): RunConfig;
export function resolveConfig(
  task: RunConfig["task"],
  preset: string,
  overrides: readonly string[],
): RunConfig {
  const known: Record<string, RunConfig> = presets[task];
  const base = Object.hasOwn(known, preset) ? known[preset] : undefined;
  if (!base) throw unknown(`preset for gen train ${task}:`, preset, presetNames(task));
  return parseConfig(applyOverrides(base, overrides), `preset ${preset}`);
}

/** The same overrides on any configuration. */
export function applyOverrides<T extends RunConfig>(config: T, overrides: readonly string[]): T {
  const alternatives: Record<string, Record<string, object>> = { "data.name": data };
  if (config.task === "flow") alternatives["model.kind"] = models;
  return overrides.reduce(
    (result, assignment) => applyOverride(result, assignment, alternatives),
    config,
  );
}
