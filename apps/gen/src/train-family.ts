import type { RunConfig } from "./config.ts";
import type { Dataset } from "./dataset.ts";
import { familyOf } from "./find-family.ts";
import type { Output } from "./output.ts";
import { runTraining, type TrainingReport } from "./train-run.ts";

/** Trains what a configuration says, in a run folder. */
export async function trainFamily(
  folder: string,
  config: RunConfig,
  dataset: Dataset,
  output: Output,
): Promise<TrainingReport> {
  const training = await familyOf(config).create(config, dataset);
  try {
    return await runTraining({ folder, config, examples: dataset.examples, training, output });
  } finally {
    training.dispose();
  }
}
