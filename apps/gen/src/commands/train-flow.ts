import { defineCommand } from "citty";
import { chooseBackend } from "../backend.ts";
import { loadDataset } from "../dataset.ts";
import { runFlow } from "../flow-run.ts";
import { createOutput } from "../output.ts";
import { planRun, trainDescription, trainOptions } from "../train-options.ts";

export const trainFlowCommand = defineCommand({
  meta: {
    name: "flow",
    description: trainDescription(
      "flow",
      "Train a rectified flow, which `gen sample` draws from.",
      [
        "gen train flow --preset glyphs",
        "gen train flow --preset mnist --data ../shared/data --out runs/mnist",
        "gen train flow --preset glyphs --set model.kind=dit --set optimizer.learningRate=3e-4 --out runs/dit",
        "gen train flow --resume --out runs/mnist",
      ],
    ),
  },
  args: trainOptions,
  async run({ args, rawArgs }) {
    const output = createOutput(args.json === true);
    const { folder, config } = planRun("flow", args, rawArgs);
    await chooseBackend(args, output);
    const dataset = await loadDataset(config.data, args.data, output);
    const { status, exitCode } = await runFlow(folder, config, dataset, output);
    if (status === "aborted") output.say(`To go on: gen train flow --resume --out ${folder}`);
    else output.say(`To draw samples: gen sample ${folder}`);
    return exitCode;
  },
});
