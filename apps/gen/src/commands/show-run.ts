import { join } from "node:path";
import { type CommandDef, defineCommand } from "citty";
import { foldIn, key } from "@gen/random";
import { integerOption } from "../arguments.ts";
import { writeFileAtomic } from "../atomic-file.ts";
import { chooseBackend } from "../backend.ts";
import { unknown } from "../closest.ts";
import { computeOptions, dataOption } from "../common-options.ts";
import { type Dataset, loadDataset } from "../dataset.ts";
import { families } from "../families/index.ts";
import { misuse } from "../failure.ts";
import { makeFolder } from "../file-store.ts";
import { familyOf } from "../find-family.ts";
import { loadRun } from "../load-run.ts";
import { metricCurves } from "../loss-plot.ts";
import { readMetrics } from "../metrics-log.ts";
import { createOutput } from "../output.ts";
import { readRun, runPaths } from "../run-folder.ts";

/** The picture that every run has: all its metrics over steps. */
const CURVES = "curves";

const args = {
  run: { type: "positional", description: "Run folder of gen train", required: true },
  names: {
    type: "positional",
    required: false,
    description: `Which pictures, with commas between them: ${CURVES}, and those of the family (default all)`,
  },
  out: {
    type: "string",
    valueHint: "folder",
    description: "Where the pictures go (default <run>/pictures)",
  },
  seed: {
    type: "string",
    valueHint: "n",
    description: "All randomness follows from it",
    default: "0",
  },
  ...dataOption,
  ...computeOptions,
} as const;

export const showRun: CommandDef<typeof args> = defineCommand({
  meta: {
    name: "run",
    description: [
      "Draw what a trained model has learned, and how: a picture for each name.",
      `Every run has ${CURVES} (all metrics over steps).`,
      ...families.flatMap(({ task, pictures = {} }) =>
        Object.entries(pictures).map(([name, { about }]) => `Of ${task}: ${name} (${about})`),
      ),
      "",
      "Examples:",
      "  gen show run runs/mnist-flow",
      "  gen show run runs/mnist-flow denoising --out out",
    ].join("\n"),
  },
  args,
  async run({ args: given }) {
    const output = createOutput(given.json === true);
    const run = readRun(given.run);
    const { config, examples } = run;
    const family = familyOf(config);
    const pictures = Object.entries(family.pictures ?? {}).filter(
      ([, picture]) => picture.applies?.(config, examples) ?? true,
    );
    const known = [CURVES, ...pictures.map(([name]) => name)];
    const wanted = given.names?.split(",").map((name) => name.trim()) ?? known;
    const strange = wanted.find((name) => !known.includes(name));
    if (strange !== undefined) throw unknown(`picture of ${given.run}:`, strange, known);
    const seed = integerOption("--seed", given.seed, 0);
    const folder = given.out ?? join(given.run, "pictures");
    const write = (name: string, picture: string | Uint8Array): void => {
      const file = join(folder, `${name}.${typeof picture === "string" ? "svg" : "png"}`);
      makeFolder(folder);
      writeFileAtomic(file, picture);
      output.say(`Wrote ${file}`);
      output.event("picture", { name, file });
    };

    if (wanted.includes(CURVES)) {
      const lines = readMetrics(runPaths(given.run).metrics);
      if (lines.length === 0)
        throw misuse(`${given.run} has no metrics yet: let its training reach its first steps.`);
      write(CURVES, metricCurves(lines));
    }
    const drawn = pictures.filter(([name]) => wanted.includes(name));
    if (drawn.length === 0) return 0;
    await chooseBackend(given, output);
    const trained = await loadRun(family, given.run, run, output);
    let dataset: Promise<Dataset> | undefined;
    try {
      for (const [index, [name, picture]] of drawn.entries()) {
        const result = await picture.draw(trained, {
          config,
          examples,
          key: foldIn(key(seed), index),
          dataset: () => (dataset ??= loadDataset(config.data, given.data, output)),
        });
        write(name, typeof result === "string" ? result : result.bytes);
      }
    } finally {
      trained.dispose();
    }
    return 0;
  },
});
