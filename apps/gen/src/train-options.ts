import { join } from "node:path";
import { everyValue, integerOption } from "./arguments.ts";
import { computeOptions, dataOption } from "./common-options.ts";
import { checkConfig, type RunConfig } from "./config.ts";
import { misuse } from "./failure.ts";
import type { Family } from "./family.ts";
import { applyOverrides, resolveConfig } from "./presets.ts";
import { refuseOther } from "./resume.ts";
import { findRun } from "./run-folder.ts";

/** The options of `gen train <task>`. */
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
export function trainDescription({ about, presets, examples }: Family): string {
  return [
    about,
    `Presets: ${Object.keys(presets).join(", ")}`,
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
  family: Family,
  args: Given,
  rawArgs: readonly string[],
): { folder: string; config: RunConfig } {
  const { task } = family;
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
    if (found.config.task !== task) refuseOther(args.out, found.config, { ...found.config, task });
    const config = checkConfig(
      family.schema,
      applyOverrides(family, found.config, overrides),
      args.out,
    );
    refuseOther(args.out, found.config, config);
    return { folder: args.out, config };
  }
  if (preset === undefined) {
    throw misuse(
      `gen train ${task}: give a --preset; there is: ${Object.keys(family.presets).join(", ")}.`,
    );
  }
  const config = resolveConfig(family, preset, overrides);
  const folder = args.out ?? join("runs", `${preset}-${task}`);
  const found = findRun(folder);
  if (args.resume && !found) throw misuse(`There is no run at ${folder} to resume.`);
  refuseOther(folder, found?.config, config);
  return { folder, config };
}
