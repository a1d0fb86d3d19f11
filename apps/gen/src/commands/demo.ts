import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { defineCommand } from "citty";
import { foldIn, key } from "@gen/random";
import { writeFileAtomic } from "../atomic-file.ts";
import { chooseBackend, type WantedBackend } from "../backend.ts";
import { loadClassifier, runClassifier } from "../classifier-run.ts";
import { computeOptions } from "../common-options.ts";
import { differences, type RunConfig } from "../config.ts";
import { loadDataset } from "../dataset.ts";
import { drawWithProgress } from "../draw.ts";
import { drawGrid } from "../draw-grid.ts";
import { evaluate } from "../evaluate.ts";
import { sizeOf } from "../examples.ts";
import { misuse } from "../failure.ts";
import { makeFolder } from "../file-store.ts";
import { loadFlow } from "../flow-model.ts";
import { runFlow } from "../flow-run.ts";
import { formatDuration, formatJson, formatNumber, formatShare } from "../format.ts";
import { imageGrid, toPixels } from "../image-grid.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { lossPlot } from "../loss-plot.ts";
import { openMetricsLog } from "../metrics-log.ts";
import { createOutput, type Output } from "../output.ts";
import { resolveConfig } from "../presets.ts";
import { findRun, readCheckpoint, runPaths } from "../run-folder.ts";
import { lockRun } from "../run-lock.ts";
import { drawSamples, spreadLabels } from "../sampling.ts";

const args = {
  out: {
    type: "string",
    valueHint: "folder",
    description: "Where everything is written",
    default: join("out", "demo"),
  },
  ...computeOptions,
} as const;

/** How the demo's samples are drawn. */
const SETTINGS = { count: 200, steps: 15, guidanceScale: 2, seed: 7 };
const PRESET = "demo-glyphs";

export const demoCommand = defineCommand({
  meta: {
    name: "demo",
    description:
      "In a few minutes, offline: train a classifier and a flow on drawn digits, and look at samples.",
  },
  args,
  async run({ args: given }) {
    const output = createOutput(given.json === true);
    const folder = given.out ?? join("out", "demo");
    makeFolder(folder);
    const lock = lockRun(folder);
    try {
      return await runDemo(folder, given, output);
    } finally {
      lock.release();
    }
  },
});

async function runDemo(folder: string, wanted: WantedBackend, output: Output): Promise<number> {
  const began = performance.now();
  const folders = { classifier: join(folder, "classifier"), flow: join(folder, "flow") };
  const config = {
    classifier: resolveConfig("classifier", PRESET, []),
    flow: resolveConfig("flow", PRESET, []),
  };
  makeRoom(folder, [
    { folder: folders.classifier, config: config.classifier },
    { folder: folders.flow, config: config.flow },
  ]);
  const { name: backend, device } = await chooseBackend(wanted, output);
  if (backend === "cpu" || backend === "wasm")
    output.warn(
      `gen: ${backend} is many times slower than the native engine: this takes hours, not minutes.`,
    );
  const dataset = await loadDataset(config.flow.data, undefined, output);
  if (dataset.kind !== "images") throw misuse("gen demo needs images.");
  const { examples } = dataset;

  output.say(
    `1/3 A classifier of digits, to judge the samples by (${config.classifier.steps} steps)`,
  );
  const judged = await runClassifier(folders.classifier, config.classifier, dataset, output);
  if (judged.status === "aborted") return stopped(output, judged.exitCode);

  output.say(`2/3 A rectified flow that draws digits (${config.flow.steps} steps)`);
  const flow = await runFlow(folders.flow, config.flow, dataset, output);
  if (flow.status === "aborted") return stopped(output, flow.exitCode);

  output.say("3/3 Samples");
  const passedOver = ({ name, reason }: { name: string; reason: string }): void =>
    output.warn(`gen: ${name} is passed over: ${reason}.`);
  const reader = loadClassifier(
    config.classifier,
    examples,
    await readCheckpoint(folders.classifier, passedOver),
  );
  const denoiser = loadFlow(config.flow, examples, await readCheckpoint(folders.flow, passedOver));
  const classes = Array.from({ length: examples.classes }, (_, i) => i);
  const { count, ...how } = SETTINGS;
  const settings = { labels: spreadLabels(count, classes), solver: "heun" as const, ...how };
  const interrupt = listenForInterrupt(output, "Stopping.");
  try {
    const numbers = await drawWithProgress(denoiser, examples, settings, output, interrupt.signal);
    const evaluation = await evaluate(reader, { numbers, labels: settings.labels }, dataset);

    const pictured = 10 * examples.classes;
    const grid = drawGrid(
      numbers.subarray(0, pictured * sizeOf(examples)),
      settings.labels.subarray(0, pictured),
      examples,
      2,
    );
    writeFileAtomic(join(folder, "samples.png"), grid.bytes);
    writeFileAtomic(
      join(folder, "denoising.png"),
      await denoisingPicture(denoiser, examples, settings, interrupt.signal),
    );
    const log = openMetricsLog(runPaths(folders.flow).metrics, config.flow.steps);
    log.close();
    writeFileAtomic(join(folder, "loss.svg"), lossPlot(log.points, "Loss of the demo's flow"));
    const seconds = (performance.now() - began) / 1000;
    const report = {
      backend,
      device,
      seconds: Number(seconds.toFixed(1)),
      finalLoss: flow.finalLoss,
      labelAccuracy: evaluation.labelAccuracy,
      samples: count,
      heldOutAccuracy: evaluation.heldOutAccuracy,
      fid: evaluation.fid,
      heldOutFid: evaluation.heldOutFid,
      steps: { classifier: config.classifier.steps, flow: config.flow.steps },
    };
    writeFileAtomic(join(folder, "report.json"), `${formatJson(report, 2)}\n`);
    output.say("");
    output.say(`Final loss: ${formatNumber(flow.finalLoss)}`);
    output.say(
      `Samples that the classifier reads as the label asked for: ${formatShare(evaluation.labelAccuracy)} of ${count}`,
    );
    output.say(`Time: ${formatDuration(seconds)} on ${backend}, ${device}`);
    output.say(`Look at ${join(folder, "samples.png")} and ${join(folder, "denoising.png")}`);
    output.event("report", report);
    return 0;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    return stopped(output, interrupt.exitCode());
  } finally {
    interrupt.dispose();
  }
}

function stopped(output: Output, exitCode: number): number {
  output.say("To go on: gen demo");
  return exitCode;
}

/** An unfinished demo is gone on with; a finished one, or one of another version, makes room. */
function makeRoom(folder: string, runs: readonly { folder: string; config: RunConfig }[]): void {
  const found = runs.map(({ folder: place, config }) => ({
    place,
    config,
    saved: findRun(place)?.config,
  }));
  const foreign = found.find(({ saved }) => saved && saved.preset !== PRESET);
  if (foreign)
    throw misuse(`${foreign.place} holds a run that is not the demo's; choose another --out.`);
  const same = found.every(
    ({ saved, config }) => !saved || differences(saved, config).length === 0,
  );
  if (same && !existsSync(join(folder, "report.json"))) return;
  rmSync(join(folder, "report.json"), { force: true });
  for (const { place } of found) rmSync(place, { recursive: true, force: true });
}

/** A few samples on their way from noise to digit, one a row. */
async function denoisingPicture(
  denoiser: Parameters<typeof drawSamples>[0],
  examples: Parameters<typeof drawSamples>[1],
  how: { steps: number; guidanceScale: number; seed: number },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const [height, width, channels] = examples.shape as [number, number, number];
  const labels = Int32Array.of(2, 3, 5, 7, 8).filter((label) => label < examples.classes);
  const shown = Array.from({ length: 11 }, (_, i) => Math.round((i * how.steps) / 10));
  const size = sizeOf(examples);
  const pixels = new Uint8Array(labels.length * shown.length * size);
  await drawSamples(denoiser, examples, {
    ...how,
    solver: "heun",
    labels,
    key: foldIn(key(how.seed), 1),
    signal,
    onStep({ step, first, count, x }) {
      const column = shown.indexOf(step);
      if (column < 0) return;
      const some = toPixels(x);
      for (let i = 0; i < count; i++) {
        pixels.set(
          some.subarray(i * size, (i + 1) * size),
          ((first + i) * shown.length + column) * size,
        );
      }
    },
  });
  const picture = { pixels, count: labels.length * shown.length, height, width, channels };
  return imageGrid(picture, { columns: shown.length, scale: 2, rowLabels: [...labels].map(String) })
    .bytes;
}
