import type { RunConfig } from "./config.ts";
import type { Dataset } from "./dataset.ts";
import { familyOf } from "./find-family.ts";
import type { Output } from "./output.ts";
import { runTraining, type TrainingReport } from "./train-run.ts";

export interface TrainFamilyOptions {
  /** Draw no pictures while training. */
  readonly quick?: boolean;
}

/** Trains what a configuration says, in a run folder. */
export async function trainFamily(
  folder: string,
  config: RunConfig,
  dataset: Dataset,
  output: Output,
  { quick = false }: TrainFamilyOptions = {},
): Promise<TrainingReport> {
  const training = await familyOf(config).create(config, dataset);
  const { trainee, picture } = training;
  try {
    return await runTraining({
      folder,
      config,
      examples: dataset.examples,
      trainee,
      batch: (step) => training.batch(step),
      picture: quick ? undefined : picture,
      output,
    });
  } finally {
    training.dispose();
  }
}
