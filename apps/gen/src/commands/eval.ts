import { dirname, join } from "node:path";
import { defineCommand } from "citty";
import type { Interval } from "@gen/metrics";
import { writeFileAtomic } from "../atomic-file.ts";
import { chooseBackend } from "../backend.ts";
import { loadClassifier } from "../classifier-run.ts";
import { computeOptions, dataOption } from "../common-options.ts";
import { loadDataset } from "../dataset.ts";
import { drawWithProgress } from "../draw.ts";
import { type Evaluation, evaluate, type Scores } from "../evaluate.ts";
import { Failure, misuse } from "../failure.ts";
import { makeFolder } from "../file-store.ts";
import { loadFlow } from "../flow-model.ts";
import { formatJson, formatShare } from "../format.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { createOutput } from "../output.ts";
import { readCheckpoint, readRun } from "../run-folder.ts";
import { readSamples, type Samples } from "../sample-file.ts";
import { readSampleSettings, sampleOptions } from "../sample-options.ts";

const args = {
  run: { type: "positional", description: "Run folder of gen train flow", required: true },
  classifier: {
    type: "string",
    valueHint: "run",
    description: "Run folder of gen train classifier, on the same data",
    required: true,
  },
  samples: {
    type: "string",
    valueHint: "file",
    description: "Samples that gen sample wrote; drawn anew if left out",
  },
  ...sampleOptions,
  count: { ...sampleOptions.count, default: "1000" },
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
      "Judge a flow's samples by a classifier: are they read as the label asked for, how far are they from real images.",
      "Examples:",
      "  gen eval runs/mnist-flow --classifier runs/mnist-classifier",
      "  gen eval runs/mnist-flow --classifier runs/mnist-classifier --samples out/samples.safetensors --json",
    ].join("\n"),
  },
  args,
  async run({ args: given }) {
    const output = createOutput(given.json === true);
    const { config, examples } = readRun(given.run, "flow");
    const judge = readRun(given.classifier, "classifier");
    if (JSON.stringify(judge.examples) !== JSON.stringify(examples)) {
      const tell = ({ shape, classes }: typeof examples): string =>
        `${shape.join("×")} with ${classes} classes`;
      throw misuse(
        `The flow draws ${tell(examples)}, the classifier reads ${tell(judge.examples)}; train one on the same data.`,
      );
    }
    const settings = readSampleSettings(given, examples);
    const samples: Samples | undefined =
      given.samples === undefined ? undefined : readSamples(given.samples, examples);
    const passedOver = ({ name, reason }: { name: string; reason: string }): void =>
      output.warn(`gen: ${name} is passed over: ${reason}.`);
    const judgeCheckpoint = await readCheckpoint(given.classifier, passedOver);
    const flowCheckpoint = samples ? undefined : await readCheckpoint(given.run, passedOver);
    await chooseBackend(given, output);
    const dataset = await loadDataset(judge.config.data, given.data, output);
    if (dataset.kind !== "images") throw misuse("gen eval needs images.");
    const reader = loadClassifier(judge.config, judge.examples, judgeCheckpoint);

    const interrupt = listenForInterrupt(output, "Stopping: nothing is written.");
    let evaluation: Evaluation;
    try {
      const drawn = samples ?? {
        labels: settings.labels,
        numbers: await drawWithProgress(
          loadFlow(config, examples, flowCheckpoint as NonNullable<typeof flowCheckpoint>),
          examples,
          settings,
          output,
          interrupt.signal,
        ),
      };
      evaluation = await evaluate(reader, drawn, dataset);
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
      throw new Failure("Interrupted; no report was written.", interrupt.exitCode(), {
        cause: error,
      });
    } finally {
      interrupt.dispose();
    }

    const path = given.out ?? join(given.run, "eval.json");
    const { labels, seed, ...how } = settings;
    void labels;
    const report = {
      run: given.run,
      classifier: given.classifier,
      ...(samples ? { from: given.samples } : { seed, ...how }),
      ...evaluation,
    };
    makeFolder(dirname(path));
    writeFileAtomic(path, `${formatJson(report, 2)}\n`);
    for (const line of describeEvaluation(evaluation)) output.say(line);
    output.say(`Wrote ${path}`);
    output.event("evaluation", { ...report, path });
    return 0;
  },
});

/** The report for people. */
export function describeEvaluation(e: Evaluation): string[] {
  const real =
    e.heldOutAccuracy === null ? "" : ` (held-out images: ${formatShare(e.heldOutAccuracy)})`;
  const other = e.heldOutFid === null ? "" : ` (held-out images: ${e.heldOutFid.toFixed(3)})`;
  return [
    `Read as the label asked for: ${formatShare(e.labelAccuracy)} of ${e.samples}${real}`,
    `Fréchet distance to ${e.trainingImages} training images, in ${e.featureDims} features: ${e.fid.toFixed(3)}${other}`,
    ...(e.scores ? describeScores(e.scores) : []),
  ];
}

function describeScores({ frechet, kernel, precisionRecall, densityCoverage }: Scores): string[] {
  const number = (value: number): string => String(Number(value.toPrecision(3)));
  const from = (value: number, { low, high }: Interval): string =>
    `${number(value)} (${number(low)} to ${number(high)})`;
  const p = precisionRecall;
  const d = densityCoverage;
  return [
    `With intervals of 95 %: Fréchet distance ${from(frechet.distance, frechet.interval)}, ` +
      `kernel distance ${from(kernel.distance, kernel.interval)},`,
    `precision ${from(p.precision, p.precisionInterval)}, recall ${from(p.recall, p.recallInterval)}, ` +
      `density ${from(d.density, d.densityInterval)}, coverage ${from(d.coverage, d.coverageInterval)}`,
    `Features by ${frechet.extractor}`,
  ];
}
