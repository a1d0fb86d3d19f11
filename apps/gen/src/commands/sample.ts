import { join } from "node:path";
import { defineCommand } from "citty";
import { writeFileAtomic } from "../atomic-file.ts";
import { chooseBackend } from "../backend.ts";
import { computeOptions } from "../common-options.ts";
import { drawWithProgress } from "../draw.ts";
import { drawGrid } from "../draw-grid.ts";
import { sizeOf } from "../examples.ts";
import { Failure } from "../failure.ts";
import { makeFolder } from "../file-store.ts";
import { loadFlow } from "../flow-model.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { createOutput } from "../output.ts";
import { readCheckpoint, readRun } from "../run-folder.ts";
import { writeSamples } from "../sample-file.ts";
import { readSampleSettings, sampleOptions } from "../sample-options.ts";

const args = {
  run: { type: "positional", description: "Run folder of gen train flow", required: true },
  ...sampleOptions,
  out: {
    type: "string",
    valueHint: "folder",
    description: "Where samples.png and samples.safetensors go (default <run>/drawn)",
  },
  ...computeOptions,
} as const;

/** Pictures hold at most so many samples. */
const PICTURED = 200;

export const sampleCommand = defineCommand({
  meta: {
    name: "sample",
    description: [
      "Draw samples from a trained flow: a picture, and the numbers as safetensors.",
      "Examples:",
      "  gen sample runs/mnist-flow --count 1000 --steps 25 --solver heun --guidance-scale 2",
      "  gen sample runs/mnist-flow --labels 3,7 --seed 1 --out out/threes-and-sevens",
    ].join("\n"),
  },
  args,
  async run({ args: given }) {
    const output = createOutput(given.json === true);
    const { config, examples } = readRun(given.run, "flow");
    const settings = readSampleSettings(given, examples);
    const found = await readCheckpoint(given.run, ({ name, reason }) =>
      output.warn(`gen: ${name} is passed over: ${reason}.`),
    );
    await chooseBackend(given, output);
    const denoiser = loadFlow(config, examples, found);
    const interrupt = listenForInterrupt(output, "Stopping: nothing is written.");
    let numbers: Float32Array;
    try {
      numbers = await drawWithProgress(denoiser, examples, settings, output, interrupt.signal);
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
      throw new Failure(
        "Interrupted before all samples were drawn; nothing was written.",
        interrupt.exitCode(),
        { cause: error },
      );
    } finally {
      interrupt.dispose();
    }

    const folder = given.out ?? join(given.run, "drawn");
    makeFolder(folder);
    const { labels, steps, solver, guidanceScale, seed } = settings;
    const paths = {
      picture: join(folder, "samples.png"),
      samples: join(folder, "samples.safetensors"),
    };
    const shown = examples.shape.length === 1 ? labels.length : Math.min(PICTURED, labels.length);
    const png = drawGrid(
      numbers.subarray(0, shown * sizeOf(examples)),
      labels.subarray(0, shown),
      examples,
      2,
    );
    writeSamples(paths.samples, { numbers, labels }, examples, {
      run: config.preset,
      checkpoint: found.name,
      steps: String(steps),
      solver,
      guidanceScale: String(guidanceScale),
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
