import { defineCommand } from "citty";
import { accuracy } from "@gen/metrics";
import { chooseBackend } from "../backend.ts";
import { loadClassifier, runClassifier } from "../classifier-run.ts";
import { loadDataset, normalized } from "../dataset.ts";
import { misuse } from "../failure.ts";
import { formatShare } from "../format.ts";
import { createOutput } from "../output.ts";
import { readCheckpoint } from "../run-folder.ts";
import { planRun, trainDescription, trainOptions } from "../train-options.ts";

export const trainClassifierCommand = defineCommand({
  meta: {
    name: "classifier",
    description: trainDescription(
      "classifier",
      "Train a small convolutional classifier, which `gen eval` judges samples by.",
      [
        "gen train classifier --preset mnist --out runs/mnist-classifier",
        "gen train classifier --preset glyphs --steps 300",
      ],
    ),
  },
  args: trainOptions,
  async run({ args, rawArgs }) {
    const output = createOutput(args.json === true);
    const { folder, config } = planRun("classifier", args, rawArgs);
    await chooseBackend(args, output);
    const dataset = await loadDataset(config.data, args.data, output);
    if (dataset.kind !== "images" || dataset.examples.classes < 2) {
      throw misuse(
        `A classifier needs images with labels; the data set ${config.data.name} has none.`,
      );
    }
    const { status, exitCode } = await runClassifier(folder, config, dataset, output);
    if (status === "aborted") {
      output.say(`To go on: gen train classifier --resume --out ${folder}`);
      return exitCode;
    }
    const { heldOut, examples } = dataset;
    if (heldOut.count === 0 || !heldOut.labels) return exitCode;
    const warn = ({ name, reason }: { name: string; reason: string }): void =>
      output.warn(`gen: ${name} is passed over: ${reason}.`);
    const reader = loadClassifier(config, examples, await readCheckpoint(folder, warn));
    const { labels } = await reader.read(normalized(heldOut));
    const share = accuracy(labels, heldOut.labels);
    output.say(`Accuracy on ${heldOut.count} held-out images: ${formatShare(share)}`);
    output.event("accuracy", { heldOut: heldOut.count, accuracy: share });
    return exitCode;
  },
});
