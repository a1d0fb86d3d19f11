import { dirname, join } from "node:path";
import { defineCommand } from "citty";
import { integerOption } from "../arguments.ts";
import { writeFileAtomic } from "../atomic-file.ts";
import { chooseBackend } from "../backend.ts";
import { computeOptions, dataOption } from "../common-options.ts";
import { loadDataset } from "../dataset.ts";
import { describeEvaluation, describeLikelihood, describePoints } from "../describe-scores.ts";
import { drawWithProgress } from "../draw.ts";
import type { Examples } from "../examples.ts";
import { classifier } from "../families/classifier.ts";
import { Failure, misuse } from "../failure.ts";
import { makeFolder } from "../file-store.ts";
import { formatJson } from "../format.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { newestCheckpoint } from "../load-run.ts";
import { type Measured, measure } from "../measure.ts";
import { createOutput } from "../output.ts";
import { readRunOf } from "../run-folder.ts";
import { readSamples, type Samples } from "../sample-file.ts";
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
  classifier: {
    type: "string",
    valueHint: "run",
    description:
      "Run folder of gen train classifier, on images like these; without one, no scores of images",
  },
  samples: {
    type: "string",
    valueHint: "file",
    description: "Samples that gen sample wrote; drawn anew if left out",
  },
  ...sampleOptions,
  count: { ...sampleOptions.count, default: "1000" },
  ...familyOptions,
  "held-out": {
    type: "string",
    valueHint: "n",
    description: "Take the likelihood of at most so many held-out examples (default all)",
  },
  out: {
    type: "string",
    valueHint: "file",
    description: "Where the report goes (default <run>/eval.json)",
  },
  ...dataOption,
  ...computeOptions,
} as const;

export const evalCommand = defineCommand({
  meta: {
    name: "eval",
    description: [
      "Measure a model: its images by a classifier, its points by their distances to the data, its likelihood of held-out examples.",
      "Examples:",
      "  gen eval runs/mnist-flow --classifier runs/mnist-classifier",
      "  gen eval runs/mnist-flow --classifier runs/mnist-classifier --samples out/samples.safetensors --json",
      "  gen eval runs/points-moons-flow",
    ].join("\n"),
  },
  args,
  async run({ args: given }) {
    const output = createOutput(given.json === true);
    const { config, examples: trainedOn } = readRunOf(given.run, ...drawingFamilies);
    const family = drawingFamilyOf(config);
    const examples = examplesOfSamples(family, config, trainedOn);
    const judge =
      given.classifier === undefined ? undefined : readRunOf(given.classifier, classifier);
    if (judge) refuseOtherImages(judge.examples, examples);
    const images = examples.shape.length === 3;
    if (images && !judge && !family.likelihood) {
      throw misuse(
        `gen eval: images of gen train ${config.task}, which has no likelihood, are measured by a classifier; give a run of gen train classifier by --classifier.`,
      );
    }
    const most = integerOption("--held-out", given["held-out"] ?? "1000000000", 2);
    const settings = readSampleSettings(family, given, examples);
    const read = given.samples === undefined ? undefined : readSamples(given.samples, examples);
    const found = await newestCheckpoint(given.run, output);
    const judgeFound =
      given.classifier === undefined ? undefined : await newestCheckpoint(given.classifier, output);
    await chooseBackend(given, output);
    const dataset = await loadDataset(config.data, given.data, output);
    const trained = await family.load(config, trainedOn, found);

    const interrupt = listenForInterrupt(output, "Stopping: nothing is written.");
    const { signal } = interrupt;
    let measured: Measured;
    const reader =
      judge && judgeFound && (await classifier.load(judge.config, judge.examples, judgeFound));
    try {
      const samples: Samples | undefined =
        read ??
        (reader || !images
          ? {
              ...(examples.classes > 0 && { labels: settings.labels }),
              numbers: await drawWithProgress(family.sampling, trained, settings, output, signal),
            }
          : undefined);
      measured = await measure({
        family,
        trained,
        config,
        dataset,
        reader,
        samples,
        output,
        signal,
        heldOut: most,
        seed: settings.seed,
      });
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Failure("Interrupted; no report was written.", interrupt.exitCode(), {
        cause: error,
      });
    } finally {
      interrupt.dispose();
      trained.dispose();
      reader?.dispose();
    }

    const path = given.out ?? join(given.run, "eval.json");
    const { seed, own } = settings;
    const report = {
      run: given.run,
      ...(judge && { classifier: given.classifier }),
      ...(read ? { from: given.samples } : { seed, ...own }),
      parameters: trained.parameters,
      ...measured.images,
      ...(measured.points && { points: measured.points }),
      ...(measured.likelihood && { likelihood: measured.likelihood }),
    };
    makeFolder(dirname(path));
    writeFileAtomic(path, `${formatJson(report, 2)}\n`);
    for (const line of [
      ...(measured.images ? describeEvaluation(measured.images) : []),
      ...(measured.points ? describePoints(measured.points) : []),
      ...(measured.likelihood ? describeLikelihood(measured.likelihood) : []),
    ])
      output.say(line);
    output.say(`Wrote ${path}`);
    output.event("evaluation", { ...report, path });
    return 0;
  },
});

/** A classifier must know such images and, where the samples have labels, these. */
function refuseOtherImages(judge: Examples, { shape, classes }: Examples): void {
  if (judge.shape.join() === shape.join() && (classes === 0 || classes === judge.classes)) return;
  const tell = (examples: Examples): string =>
    `${examples.shape.join("×")} with ${examples.classes} classes`;
  throw misuse(
    `The model draws ${tell({ shape, classes })}, the classifier reads ${tell(judge)}; train one on the same data.`,
  );
}
