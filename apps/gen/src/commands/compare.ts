import { join } from "node:path";
import { defineCommand } from "citty";
import { accuracy } from "@gen/metrics";
import { everyValue, integerOption, numberOption } from "../arguments.ts";
import { chooseBackend } from "../backend.ts";
import { unknown } from "../closest.ts";
import { computeOptions, dataOption } from "../common-options.ts";
import { compareFamilies } from "../compare/compare-families.ts";
import type { Budget } from "../compare/comparison.ts";
import { type Dataset, loadDataset, normalized } from "../dataset.ts";
import { misuse } from "../failure.ts";
import { classifier, type Reader } from "../families/classifier.ts";
import { makeFolder } from "../file-store.ts";
import { loadRun } from "../load-run.ts";
import { createOutput, type Output } from "../output.ts";
import { resolveConfig } from "../presets.ts";
import { readRunOf } from "../run-folder.ts";
import { lockRun } from "../run-lock.ts";
import { type DrawingFamily, drawingFamilies } from "../sample-options.ts";
import { trainFamily } from "../train-family.ts";

const tasks = drawingFamilies.map(({ task }) => task);

const args = {
  families: {
    type: "positional",
    required: false,
    description: `Which, with commas between them: ${tasks.join(", ")} (default all that have the preset)`,
  },
  preset: {
    type: "string",
    valueHint: "name",
    description: "The preset that each is trained with",
    required: true,
  },
  minutes: {
    type: "string",
    valueHint: "m",
    description: "How long each trains; a short trial says how many steps that is (default 3)",
  },
  examples: {
    type: "string",
    valueHint: "n",
    description: "Instead: on how many examples each trains, counted as often as they are seen",
  },
  out: {
    type: "string",
    valueHint: "folder",
    description: "Where the page and the runs go (default out/compare-<preset>)",
  },
  classifier: {
    type: "string",
    valueHint: "run",
    description:
      "Who judges images: a run of gen train classifier (one is trained beside the families if left out)",
  },
  count: {
    type: "string",
    valueHint: "n",
    description: "How many samples of each",
    default: "1000",
  },
  "held-out": {
    type: "string",
    valueHint: "n",
    description: "Take the likelihood of at most so many held-out examples",
    default: "100",
  },
  seed: {
    type: "string",
    valueHint: "n",
    description: "All randomness follows from it",
    default: "0",
  },
  set: {
    type: "string",
    valueHint: "a.b=c",
    description: "Change a setting of the preset of every family; may be given often",
  },
  ...dataOption,
  ...computeOptions,
} as const;

export const compareCommand = defineCommand({
  meta: {
    name: "compare",
    description: [
      "Train families of models under one budget on one data set, and write one HTML page: samples, scores, sizes, times.",
      "Interrupted, the same command goes on.",
      "",
      "Examples:",
      "  gen compare --preset glyphs --minutes 2",
      "  gen compare flow --preset points-moons --examples 100000",
      "  gen compare --preset mnist --classifier runs/mnist-classifier --out out/mnist",
    ].join("\n"),
  },
  args,
  async run({ args: given, rawArgs }) {
    const output = createOutput(given.json === true);
    const { preset } = given;
    const families = chooseFamilies(given.families, preset);
    const set = everyValue(rawArgs, "set");
    const seed = integerOption("--seed", given.seed, 0);
    const configs = families.map((family) => resolveConfig(family, preset, set));
    const { data } = configs[0] as (typeof configs)[number];
    const plan = {
      preset,
      set,
      data,
      budget: readBudget(given),
      count: integerOption("--count", given.count, 10, 1_000_000),
      heldOut: integerOption("--held-out", given["held-out"], 2),
      seed,
    };
    const folder = given.out ?? join("out", `compare-${preset}`);
    const judge =
      given.classifier === undefined ? undefined : readRunOf(given.classifier, classifier);
    const { name, device } = await chooseBackend(given, output);
    const dataset = await loadDataset(data, given.data, output);
    if (judge && judge.examples.shape.join() !== dataset.examples.shape.join())
      throw misuse(
        `--classifier ${given.classifier}: it reads images of ${judge.examples.shape.join("×")}, these are ${dataset.examples.shape.join("×")}.`,
      );
    makeFolder(folder);
    const lock = lockRun(folder);
    let reader: Reader | undefined;
    try {
      const judging = judge
        ? await loadRun(classifier, given.classifier as string, judge, output)
        : await trainJudge(join(folder, "classifier"), preset, dataset, data, output);
      if (typeof judging === "number") return judging;
      reader = judging;
      return await compareFamilies({
        folder,
        families,
        plan,
        dataset,
        reader,
        output,
        backend: `${name} on ${device}`,
        heldOutAccuracy: reader ? await heldOutAccuracy(reader, dataset) : null,
      });
    } finally {
      reader?.dispose();
      lock.release();
    }
  },
});

/** Those that are asked for must have the preset; of all, those that have it are taken. */
function chooseFamilies(list: string | undefined, preset: string): DrawingFamily[] {
  const having = drawingFamilies.filter(({ presets }) => Object.hasOwn(presets, preset));
  const names = list?.split(",").map((name) => name.trim());
  if (having.length === 0) {
    const presets = new Set(drawingFamilies.flatMap((family) => Object.keys(family.presets)));
    throw unknown("preset of a family:", preset, [...presets]);
  }
  if (!names) return having;
  return [...new Set(names)].map((name) => {
    const family = drawingFamilies.find(({ task }) => task === name);
    if (!family) throw unknown("family of models", name, tasks);
    if (!having.includes(family))
      throw misuse(
        `gen compare: ${name} has no preset ${preset}; these have: ${having.map(({ task }) => task).join(", ")}.`,
      );
    return family;
  });
}

function readBudget(given: {
  minutes?: string | undefined;
  examples?: string | undefined;
}): Budget {
  if (given.examples === undefined)
    return { minutes: numberOption("--minutes", given.minutes ?? "3", 0.001, 100_000) };
  if (given.minutes !== undefined)
    throw misuse("gen compare: give --minutes or --examples, not both.");
  return { examples: integerOption("--examples", given.examples, 1) };
}

/**
 * A classifier trained beside the families, outside their budget, where the data has labels and it has such a preset.
 *
 * @returns an exit code if training was interrupted
 */
async function trainJudge(
  folder: string,
  preset: string,
  dataset: Dataset,
  data: Parameters<typeof loadDataset>[0],
  output: Output,
): Promise<Reader | number | undefined> {
  if (dataset.examples.classes < 2 || !Object.hasOwn(classifier.presets, preset)) return undefined;
  const config = { ...resolveConfig(classifier, preset, []), data };
  output.say("A classifier, to judge the samples by");
  const { status, exitCode } = await trainFamily(folder, config, dataset, output);
  if (status === "aborted") return exitCode;
  return loadRun(classifier, folder, { config, examples: dataset.examples }, output);
}

async function heldOutAccuracy(reader: Reader, dataset: Dataset): Promise<number | null> {
  if (dataset.kind !== "images" || !dataset.heldOut.labels || dataset.heldOut.count === 0)
    return null;
  return accuracy((await reader.read(normalized(dataset.heldOut))).labels, dataset.heldOut.labels);
}
