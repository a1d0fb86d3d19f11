import * as v from "valibot";
import { misuse } from "./failure.ts";

// What a run is made of, as plain data: checked here, saved as config.json, and enough to build the model again.

const count = v.pipe(
  v.number(),
  v.integer("must be a whole number"),
  v.minValue(1, "must be at least 1"),
);
const counter = v.pipe(
  v.number(),
  v.integer("must be a whole number"),
  v.minValue(0, "must be at least 0"),
);
const positive = v.pipe(v.number(), v.gtValue(0, "must be above 0"));
const fraction = v.pipe(
  v.number(),
  v.minValue(0, "must be at least 0"),
  v.ltValue(1, "must be below 1"),
);
const nonNegative = v.pipe(v.number(), v.minValue(0, "must be at least 0"));

/** The two-dimensional sets of @gen/data. */
const pointSets = [
  "eightGaussians",
  "moons",
  "swissRoll",
  "checkerboard",
  "pinwheel",
  "rings",
] as const;

/** Where the examples come from. */
export const dataSchema = v.variant(
  "name",
  [
    v.strictObject({ name: v.literal("glyphs"), training: count, heldOut: count, seed: counter }),
    v.strictObject({ name: v.literal("mnist"), training: count, heldOut: counter }),
    v.strictObject({ name: v.literal("cifar10"), training: count, heldOut: counter }),
    v.strictObject({
      name: v.literal("folder"),
      path: v.pipe(v.string(), v.nonEmpty("must not be empty")),
      heldOut: counter,
    }),
    v.strictObject({
      name: v.literal("points"),
      set: v.picklist(pointSets),
      training: count,
      seed: counter,
    }),
  ],
  "must be glyphs, mnist, cifar10, folder or points",
);

const unetSchema = v.strictObject({
  kind: v.literal("unet"),
  baseChannels: count,
  multipliers: v.pipe(v.array(count), v.minLength(1, "must not be empty")),
  blocks: count,
  /** Heights at which there is attention, besides the middle. */
  attention: v.array(count),
});
const ditSchema = v.strictObject({
  kind: v.literal("dit"),
  patch: count,
  width: count,
  depth: count,
  heads: count,
});
const mlpSchema = v.strictObject({
  kind: v.literal("mlp"),
  width: count,
  depth: count,
  fourierFeatures: counter,
});

const optimizerSchema = v.strictObject({
  learningRate: positive,
  warmup: counter,
  schedule: v.picklist(["constant", "cosine"], "must be constant or cosine"),
  beta1: fraction,
  beta2: fraction,
  weightDecay: nonNegative,
  clipNorm: positive,
});

const common = {
  preset: v.string(),
  data: dataSchema,
  optimizer: optimizerSchema,
  batchSize: count,
  steps: count,
  seed: counter,
  checkpointEvery: count,
  logEvery: count,
};

/** A rectified flow's run. */
export const flowSchema = v.strictObject({
  task: v.literal("flow"),
  ...common,
  model: v.variant("kind", [unetSchema, ditSchema, mlpSchema], "must be unet, dit or mlp"),
  flow: v.strictObject({
    times: v.picklist(["uniform", "logit-normal"], "must be uniform or logit-normal"),
    labelDropout: fraction,
  }),
  ema: v.strictObject({ decay: fraction }),
  sampleEvery: count,
  samples: v.strictObject({ count, steps: count, guidanceScale: nonNegative }),
});

/** A classifier's run. */
export const classifierSchema = v.strictObject({
  task: v.literal("classifier"),
  ...common,
  model: v.strictObject({
    kind: v.literal("cnn"),
    channels: v.pipe(v.array(count), v.minLength(1, "must not be empty")),
    features: count,
  }),
  augment: v.strictObject({ shift: nonNegative, rotate: nonNegative, zoom: fraction }),
});

export type DataConfig = v.InferOutput<typeof dataSchema>;
export type FlowConfig = v.InferOutput<typeof flowSchema>;
export type ClassifierConfig = v.InferOutput<typeof classifierSchema>;
export type RunConfig = FlowConfig | ClassifierConfig;

const configSchema = v.variant("task", [flowSchema, classifierSchema]);

/**
 * Checks a configuration, from a preset with overrides or from a file.
 *
 * @param where named in the sentence
 */
export function parseConfig(value: unknown, where: string): RunConfig {
  const result = v.safeParse(configSchema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue) ?? "the whole";
  const reason =
    issue.kind === "schema" && issue.type !== "variant" && issue.type !== "picklist"
      ? `must be ${issue.expected ?? "left out"}`
      : issue.message;
  throw misuse(`${where}: ${path} ${reason}, got ${JSON.stringify(issue.input) ?? "nothing"}.`);
}

/** Which values differ, by dotted path; «where it is only told how often to report» is not compared. */
export function differences(a: RunConfig, b: RunConfig): string[] {
  const flatA = flatten(a);
  const flatB = flatten(b);
  const silent = new Set([
    "logEvery",
    "checkpointEvery",
    "sampleEvery",
    "samples.count",
    "samples.steps",
    "samples.guidanceScale",
  ]);
  return [...new Set([...flatA.keys(), ...flatB.keys()])]
    .filter((path) => !silent.has(path) && flatA.get(path) !== flatB.get(path))
    .map(
      (path) => `${path} (${flatA.get(path) ?? "none"} there, ${flatB.get(path) ?? "none"} here)`,
    );
}

function flatten(
  value: object,
  prefix = "",
  into = new Map<string, string>(),
): Map<string, string> {
  for (const [name, item] of Object.entries(value) as [string, unknown][]) {
    if (typeof item === "object" && item !== null && !Array.isArray(item))
      flatten(item, `${prefix}${name}.`, into);
    else into.set(prefix + name, JSON.stringify(item));
  }
  return into;
}
