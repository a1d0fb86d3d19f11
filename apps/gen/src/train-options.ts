import { join } from "node:path";
import { everyValue, integerOption } from "./arguments.ts";
import { computeOptions, dataOption } from "./common-options.ts";
import type { ClassifierConfig, FlowConfig, RunConfig } from "./config.ts";
import { misuse } from "./failure.ts";
import { applyOverrides, presetNames, resolveConfig } from "./presets.ts";
import { parseConfig } from "./config.ts";
import { refuseOther } from "./resume.ts";
import { findRun } from "./run-folder.ts";

/** The options of `gen train flow` and `gen train classifier`. */
export const trainOptions = {
  preset: {
    type: "string",
    valueHint: "name",
    description: "Data and settings to start from: one of those below",
  },
  out: {
    type: "string",
    valueHint: "folder",
    description:
      "Run folder; runs/<preset>-<task> if left out. A run that is there already is gone on with",
  },
  resume: {
    type: "boolean",
    description: "Go on with the run in --out, which must be there, with its own settings",
  },
  steps: { type: "string", valueHint: "n", description: "How long to train (as --set steps=n)" },
  seed: {
    type: "string",
    valueHint: "n",
    description: "All randomness follows from it (as --set seed=n)",
  },
  set: {
    type: "string",
    valueHint: "a.b=c",
    description: "Change a setting of the preset; may be given often",
  },
  ...dataOption,
  ...computeOptions,
} as const;

/** The help's text: what it does, the presets, some examples. */
export function trainDescription(
  task: RunConfig["task"],
  about: string,
  examples: readonly string[],
): string {
  return [
    about,
    `Presets: ${presetNames(task).join(", ")}`,
    "",
    "Examples:",
    ...examples.map((line) => `  ${line}`),
  ].join("\n");
}

interface Given {
  preset?: string | undefined;
  out?: string | undefined;
  resume?: boolean | undefined;
  steps?: string | undefined;
  seed?: string | undefined;
}

/** Where to train what: from a preset and its changes, or from the run that is there. Writes nothing. */
export function planRun(
  task: "flow",
  args: Given,
  rawArgs: readonly string[],
): { folder: string; config: FlowConfig };
export function planRun(
  task: "classifier",
  args: Given,
  rawArgs: readonly string[],
): { folder: string; config: ClassifierConfig };
export function planRun(
  task: RunConfig["task"],
  args: Given,
  rawArgs: readonly string[],
): { folder: string; config: RunConfig } {
  const overrides = everyValue(rawArgs, "set");
  if (args.steps !== undefined) overrides.push(`steps=${integerOption("--steps", args.steps, 1)}`);
  if (args.seed !== undefined) overrides.push(`seed=${integerOption("--seed", args.seed, 0)}`);
  const { preset } = args;

  if (args.resume && preset === undefined) {
    if (args.out === undefined)
      throw misuse(
        `gen train ${task} --resume needs --out, the folder of the run (or --preset, for runs/<preset>-${task}).`,
      );
    const found = findRun(args.out);
    if (!found) throw misuse(`There is no run at ${args.out} to resume.`);
    const config = parseConfig(applyOverrides(found.config, overrides), args.out);
    if (config.task !== task) refuseOther(args.out, found.config, { ...config, task } as RunConfig);
    refuseOther(args.out, found.config, config);
    return { folder: args.out, config };
  }
  if (preset === undefined) {
    throw misuse(`gen train ${task}: give a --preset; there is: ${presetNames(task).join(", ")}.`);
  }
  const config = resolveConfig(task, preset, overrides);
  const folder = args.out ?? join("runs", `${preset}-${task}`);
  const found = findRun(folder);
  if (args.resume && !found) throw misuse(`There is no run at ${folder} to resume.`);
  refuseOther(folder, found?.config, config);
  return { folder, config };
}
