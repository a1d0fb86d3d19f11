import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { latestCheckpoint } from "@gen/train";
import { writeFileAtomic } from "./atomic-file.ts";
import type { RunConfig } from "./config.ts";
import { type Examples, examplesSchema } from "./examples.ts";
import { codeOf, Failure, messageOf, misuse } from "./failure.ts";
import type { Family, Found } from "./family.ts";
import { fileStore } from "./file-store.ts";
import { parseConfig } from "./find-family.ts";
import { formatJson } from "./format.ts";

/** Where the parts of a run lie in its folder. */
export function runPaths(
  folder: string,
): Record<"config" | "checkpoints" | "metrics" | "loss" | "samples", string> {
  return {
    config: join(folder, "config.json"),
    checkpoints: join(folder, "checkpoints"),
    metrics: join(folder, "metrics.jsonl"),
    loss: join(folder, "loss.svg"),
    samples: join(folder, "samples"),
  };
}

/** What config.json holds. */
export interface SavedRun<C extends RunConfig = RunConfig> {
  config: C;
  examples: Examples;
}

/** What lies at the place where a run is to be: nothing yet, or a run. Anything else is refused. */
export function findRun(folder: string): SavedRun | undefined {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    if (codeOf(error) === "ENOTDIR")
      throw misuse(`${folder} is a file; give a folder for the run.`);
    throw misuse(`${folder} cannot be read: ${messageOf(error)}.`);
  }
  if (names.includes("config.json")) return readRun(folder);
  const foreign = names.find((name) => !name.startsWith(".") && name !== "run.lock");
  if (foreign !== undefined) {
    throw misuse(
      `${folder} holds other files (${foreign}) and no run; choose an empty or a new folder.`,
    );
  }
  return undefined;
}

/** Reads a run's configuration. */
export function readRun(folder: string): SavedRun {
  const path = runPaths(folder).config;
  if (!existsSync(folder)) throw misuse(`There is no run at ${folder}: the folder does not exist.`);
  if (!statSync(folder).isDirectory())
    throw misuse(`There is no run at ${folder}: it is a file, not a folder.`);
  if (!existsSync(path)) throw misuse(`There is no run at ${folder}: it holds no config.json.`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw misuse(`${path} is not readable JSON: ${messageOf(error)}.`);
  }
  const { examples, ...config } = (content ?? {}) as Record<string, unknown>;
  const parsed = v.safeParse(examplesSchema, examples);
  if (!parsed.success)
    throw misuse(`${path}: examples must say the shape and the classes of the data.`);
  return { config: parseConfig(config, path), examples: parsed.output };
}

/** Reads a run's configuration; a run of a family that is not among the wanted is refused. */
export function readRunOf<C extends RunConfig>(
  folder: string,
  ...wanted: readonly Pick<Family<C>, "task" | "schema">[]
): SavedRun<C> {
  const run = readRun(folder);
  const { task } = run.config;
  if (!wanted.some((each) => each.task === task)) {
    throw misuse(
      `${folder} is a run of gen train ${task}; this needs one of gen train ${wanted.map((each) => each.task).join(", ")}.`,
    );
  }
  return run as SavedRun<C>;
}

export function writeRun(folder: string, { config, examples }: SavedRun): void {
  writeFileAtomic(runPaths(folder).config, `${formatJson({ ...config, examples }, 2)}\n`);
}

/** The newest whole checkpoint of a run. */
export async function readCheckpoint(
  folder: string,
  onRefuse: (event: { name: string; reason: string }) => void,
): Promise<Found> {
  const found = await latestCheckpoint(fileStore(runPaths(folder).checkpoints), onRefuse);
  if (!found)
    throw new Failure(`${folder} has no checkpoint yet: let its training reach one first.`);
  return found;
}
