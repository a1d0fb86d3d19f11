import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { defineCommand } from "citty";
import { foldIn, key } from "@gen/random";
import { writeFileAtomic } from "../atomic-file.ts";
import { chooseBackend, type WantedBackend } from "../backend.ts";
import { computeOptions } from "../common-options.ts";
import { differences, type RunConfig } from "../config.ts";
import { loadDataset } from "../dataset.ts";
import { drawWithProgress } from "../draw.ts";
import { drawGrid } from "../draw-grid.ts";
import { evaluate } from "../evaluate.ts";
import { sizeOf } from "../examples.ts";
import { misuse } from "../failure.ts";
import { makeFolder } from "../file-store.ts";
import { classifier } from "../families/classifier.ts";
import { flow as flowFamily } from "../families/flow.ts";
import { formatDuration, formatJson, formatNumber, formatShare } from "../format.ts";
import type { Png } from "../image-grid.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { allClasses, spreadLabels } from "../labels.ts";
import { loadRun } from "../load-run.ts";
import { lossPlot } from "../loss-plot.ts";
import { openMetricsLog } from "../metrics-log.ts";
import { createOutput, type Output } from "../output.ts";
import { resolveConfig } from "../presets.ts";
import { findRun, runPaths } from "../run-folder.ts";
import { lockRun } from "../run-lock.ts";
import { trainFamily } from "../train-family.ts";

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
const SEED = 7;
const COUNT = 200;
const SETTINGS = { steps: 15, solver: "heun", guidanceScale: 2 } as const;
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
    classifier: resolveConfig(classifier, PRESET, []),
    flow: resolveConfig(flowFamily, PRESET, []),
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
  const judged = await trainFamily(folders.classifier, config.classifier, dataset, output);
  if (judged.status === "aborted") return stopped(output, judged.exitCode);

  output.say(`2/3 A rectified flow that draws digits (${config.flow.steps} steps)`);
  const flow = await trainFamily(folders.flow, config.flow, dataset, output);
  if (flow.status === "aborted") return stopped(output, flow.exitCode);

  output.say("3/3 Samples");
  const reader = await loadRun(
    classifier,
    folders.classifier,
    { config: config.classifier, examples },
    output,
  );
  const model = await loadRun(flowFamily, folders.flow, { config: config.flow, examples }, output);
  const labels = spreadLabels(COUNT, allClasses(examples));
  const interrupt = listenForInterrupt(output, "Stopping.");
  try {
    const numbers = await drawWithProgress(
      flowFamily.sampling!,
      model,
      { labels, seed: SEED, own: SETTINGS },
      output,
      interrupt.signal,
    );
    const evaluation = await evaluate(reader, { numbers, labels }, dataset);

    const pictured = 10 * examples.classes;
    const grid = drawGrid(
      numbers.subarray(0, pictured * sizeOf(examples)),
      labels.subarray(0, pictured),
      examples,
      { scale: 2 },
    );
    writeFileAtomic(join(folder, "samples.png"), grid.bytes);
    const denoising = await flowFamily.pictures!["denoising"]!.draw(model, {
      config: config.flow,
      examples,
      key: foldIn(key(SEED), 1),
      signal: interrupt.signal,
      dataset: () => Promise.resolve(dataset),
    });
    writeFileAtomic(join(folder, "denoising.png"), (denoising as Png).bytes);
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
      samples: COUNT,
      heldOutAccuracy: evaluation.heldOutAccuracy,
      fid: evaluation.fid,
      heldOutFid: evaluation.heldOutFid,
      steps: { classifier: config.classifier.steps, flow: config.flow.steps },
    };
    writeFileAtomic(join(folder, "report.json"), `${formatJson(report, 2)}\n`);
    output.say("");
    output.say(`Final loss: ${formatNumber(flow.finalLoss)}`);
    output.say(
      `Samples that the classifier reads as the label asked for: ${formatShare(evaluation.labelAccuracy as number)} of ${COUNT}`,
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
