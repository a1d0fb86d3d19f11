import { type CommandDef, defineCommand } from "citty";
import { chooseBackend } from "../backend.ts";
import { loadDataset } from "../dataset.ts";
import { families } from "../families/index.ts";
import type { Family } from "../family.ts";
import { loadRun } from "../load-run.ts";
import { createOutput } from "../output.ts";
import { trainFamily } from "../train-family.ts";
import { planRun, trainDescription, trainOptions } from "../train-options.ts";

function trainCommand(family: Family): CommandDef<typeof trainOptions> {
  const { task } = family;
  return defineCommand({
    meta: { name: task, description: trainDescription(family) },
    args: trainOptions,
    async run({ args, rawArgs }) {
      const output = createOutput(args.json === true);
      const { folder, config } = planRun(family, args, rawArgs);
      await chooseBackend(args, output);
      const dataset = await loadDataset(config.data, args.data, output);
      const { status, exitCode } = await trainFamily(folder, config, dataset, output);
      if (status === "aborted") {
        output.say(`To go on: gen train ${task} --resume --out ${folder}`);
        return exitCode;
      }
      if (family.closing) {
        const { examples } = dataset;
        const trained = await loadRun(family, folder, { config, examples }, output);
        await family.closing(trained, dataset, output);
        trained.dispose();
      }
      if (family.sampling) output.say(`To draw samples: gen sample ${folder}`);
      return exitCode;
    },
  });
}

/** `gen train <task>` of every family. */
export const trainCommands: Record<string, CommandDef<typeof trainOptions>> = Object.fromEntries(
  families.map((family) => [family.task, trainCommand(family)]),
);
