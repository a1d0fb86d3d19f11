import * as v from "valibot";
import { misuse } from "./failure.ts";

// What a run is made of, as plain data: checked here, saved as config.json, and enough to build the model again. Here
// are the pieces that the families' schemas are made of, and what all runs have.

/** 1, 2, … */
export const count = v.pipe(
  v.number(),
  v.integer("must be a whole number"),
  v.minValue(1, "must be at least 1"),
);
/** 0, 1, … */
export const counter = v.pipe(
  v.number(),
  v.integer("must be a whole number"),
  v.minValue(0, "must be at least 0"),
);
export const positive = v.pipe(v.number(), v.gtValue(0, "must be above 0"));
export const nonNegative = v.pipe(v.number(), v.minValue(0, "must be at least 0"));
/** From 0 on, below 1. */
export const fraction = v.pipe(
  v.number(),
  v.minValue(0, "must be at least 0"),
  v.ltValue(1, "must be below 1"),
);
export const counts = v.pipe(v.array(count), v.minLength(1, "must not be empty"));

/** One of a few words. */
export function word<const Words extends readonly string[]>(
  ...words: Words
): v.PicklistSchema<Words, string> {
  return v.picklist(words, `must be ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`);
}

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

/** AdamW behind a clipped gradient: `createOptimizer`. */
export const optimizerSchema = v.strictObject({
  learningRate: positive,
  warmup: counter,
  schedule: word("constant", "cosine"),
  beta1: fraction,
  beta2: fraction,
  weightDecay: nonNegative,
  clipNorm: positive,
});

/** What every run has, whatever its family. */
export const commonSettings = {
  preset: v.string(),
  data: dataSchema,
  batchSize: count,
  steps: count,
  seed: counter,
  checkpointEvery: count,
  logEvery: count,
};

export type DataConfig = v.InferOutput<typeof dataSchema>;
export type OptimizerConfig = v.InferOutput<typeof optimizerSchema>;

/** What is known of any run. */
export interface RunConfig {
  task: string;
  preset: string;
  data: DataConfig;
  batchSize: number;
  steps: number;
  seed: number;
  checkpointEvery: number;
  logEvery: number;
}

/**
 * Checks a configuration.
 *
 * @param where named in the sentence that refuses it
 */
export function checkConfig<C>(
  schema: v.GenericSchema<unknown, C>,
  value: unknown,
  where: string,
): C {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue) ?? "the whole";
  const reason =
    issue.kind === "schema" && issue.type !== "variant" && issue.type !== "picklist"
      ? `must be ${issue.expected ?? "left out"}`
      : issue.message;
  throw misuse(`${where}: ${path} ${reason}, got ${JSON.stringify(issue.input) ?? "nothing"}.`);
}

/** Which values differ, by dotted path. Those that only say how often and how to report are not compared. */
export function differences(a: RunConfig, b: RunConfig): string[] {
  const flatA = flatten(a);
  const flatB = flatten(b);
  const silent = /^(logEvery|checkpointEvery|sampleEvery|samples\..*)$/;
  return [...new Set([...flatA.keys(), ...flatB.keys()])]
    .filter((path) => !silent.test(path) && flatA.get(path) !== flatB.get(path))
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
