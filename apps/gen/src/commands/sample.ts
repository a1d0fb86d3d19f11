import { join } from "node:path";
import { defineCommand } from "citty";
import { writeFileAtomic } from "../atomic-file.ts";
import { chooseBackend } from "../backend.ts";
import { computeOptions } from "../common-options.ts";
import { loadDataset } from "../dataset.ts";
import { drawWithProgress } from "../draw.ts";
import { drawGrid } from "../draw-grid.ts";
import { sizeOf } from "../examples.ts";
import { Failure } from "../failure.ts";
import { makeFolder } from "../file-store.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { newestCheckpoint } from "../load-run.ts";
import { createOutput } from "../output.ts";
import { readRunOf } from "../run-folder.ts";
import { writeSamples } from "../sample-file.ts";
import {
  drawingFamilies,
  drawingFamilyOf,
  examplesOfSamples,
  familyOptions,
  readSampleSettings,
  sampleOptions,
} from "../sample-options.ts";

const args = {
  run: { type: "positional", description: "Run folder of gen train", required: true },
  ...sampleOptions,
  ...familyOptions,
  out: {
    type: "string",
    valueHint: "folder",
    description: "Where samples.png and samples.safetensors go (default <run>/drawn)",
  },
  ...computeOptions,
} as const;

/** Pictures hold at most so many images. */
const PICTURED = 200;

export const sampleCommand = defineCommand({
  meta: {
    name: "sample",
    description: [
      "Draw samples from a trained model: a picture, and the numbers as safetensors.",
      "Examples:",
      "  gen sample runs/mnist-flow --count 1000 --steps 25 --solver heun --guidance-scale 2",
      "  gen sample runs/mnist-flow --labels 3,7 --seed 1 --out out/threes-and-sevens",
    ].join("\n"),
  },
  args,
  async run({ args: given }) {
    const output = createOutput(given.json === true);
    const { config, examples: trainedOn } = readRunOf(given.run, ...drawingFamilies);
    const family = drawingFamilyOf(config);
    const examples = examplesOfSamples(family, config, trainedOn);
    const settings = readSampleSettings(family, given, examples);
    const found = await newestCheckpoint(given.run, output);
    await chooseBackend(given, output);
    const trained = await family.load(config, trainedOn, found);
    const interrupt = listenForInterrupt(output, "Stopping: nothing is written.");
    let numbers: Float32Array;
    try {
      numbers = await drawWithProgress(
        family.sampling,
        trained,
        settings,
        output,
        interrupt.signal,
      );
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
      throw new Failure(
        "Interrupted before all samples were drawn; nothing was written.",
        interrupt.exitCode(),
        { cause: error },
      );
    } finally {
      interrupt.dispose();
      trained.dispose();
    }

    const folder = given.out ?? join(given.run, "drawn");
    makeFolder(folder);
    const { labels, seed, own } = settings;
    const paths = {
      picture: join(folder, "samples.png"),
      samples: join(folder, "samples.safetensors"),
    };
    const shown = examples.shape.length === 1 ? labels.length : Math.min(PICTURED, labels.length);
    // Points are made, not read: they can be shown beside the samples.
    const data =
      config.data.name === "points" ? await loadDataset(config.data, undefined, output) : undefined;
    const png = drawGrid(
      numbers.subarray(0, shown * sizeOf(examples)),
      labels.subarray(0, shown),
      examples,
      { scale: 2, beside: data?.kind === "points" ? data.training : undefined },
    );
    const asked = examples.classes > 0 ? labels : undefined;
    writeSamples(paths.samples, { numbers, labels: asked }, examples, {
      run: config.preset,
      checkpoint: found.name,
      ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name, String(value)])),
      seed: String(seed),
    });
    writeFileAtomic(paths.picture, png.bytes);
    output.say(
      `Wrote ${paths.picture}${shown < labels.length ? ` (the first ${shown})` : ""} and ${paths.samples}`,
    );
    output.event("samples", { count: labels.length, ...paths, checkpoint: found.name });
    return 0;
  },
});
