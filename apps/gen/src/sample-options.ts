import { integerOption } from "./arguments.ts";
import type { RunConfig } from "./config.ts";
import type { Examples } from "./examples.ts";
import { families } from "./families/index.ts";
import type { Family, Sampling } from "./family.ts";
import { parseLabels, spreadLabels } from "./labels.ts";
import {
  type Owner,
  readSettings,
  type Settings,
  settingOptions,
  type ValuesOf,
} from "./settings.ts";

/** A family that draws samples. */
export type DrawingFamily = Family & { readonly sampling: Sampling };

/** All that do. */
export const drawingFamilies: readonly DrawingFamily[] = families.filter(
  (family): family is DrawingFamily => family.sampling !== undefined,
);

const owners: readonly Owner[] = drawingFamilies.map(({ task, sampling }) => ({
  name: task,
  settings: sampling.settings,
}));

/** Of every command that draws samples. */
export const sampleOptions = {
  count: { type: "string", valueHint: "n", description: "How many samples", default: "100" },
  labels: {
    type: "string",
    valueHint: "all|3,7",
    description: "Which classes, evenly",
    default: "all",
  },
  seed: {
    type: "string",
    valueHint: "n",
    description: "All randomness follows from it",
    default: "0",
  },
} as const;

/** The families' own settings of sampling; which these are is known only when all families are. */
export const familyOptions: object = settingOptions(owners);

/** How samples are drawn. */
export interface SampleSettings<S extends Settings = Settings> {
  readonly labels: Int32Array;
  readonly seed: number;
  /** The family's own. */
  readonly own: ValuesOf<S>;
}

interface Given {
  count: string;
  labels: string;
  seed: string;
}

/** Reads them. Settings of another family are refused. */
export function readSampleSettings<S extends Settings>(
  { task, sampling }: { readonly task: string; readonly sampling: { readonly settings: S } },
  given: Given,
  examples: Examples,
): SampleSettings<S> {
  const count = integerOption("--count", given.count, 1, 1_000_000);
  const owner = { name: task, settings: sampling.settings };
  return {
    labels: spreadLabels(count, parseLabels(given.labels, examples.classes)),
    seed: integerOption("--seed", given.seed, 0),
    own: readSettings(owner, { ...given }, examples, owners),
  };
}

/** The family of a run to draw from. */
export function drawingFamilyOf({ task }: { task: string }): DrawingFamily {
  return drawingFamilies.find((family) => family.task === task) as DrawingFamily;
}

/** What the samples of a run look like: without classes where they do not follow labels. */
export function examplesOfSamples(
  { sampling }: DrawingFamily,
  config: RunConfig,
  examples: Examples,
): Examples {
  return (sampling.labelled?.(config) ?? true) ? examples : { ...examples, classes: 0 };
}
