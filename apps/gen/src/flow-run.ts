import { foldIn, key } from "@gen/random";
import type { FlowConfig } from "./config.ts";
import type { Dataset } from "./dataset.ts";
import { drawGrid } from "./draw-grid.ts";
import { createFlowTraining } from "./flow-model.ts";
import { flowBatch } from "./batches.ts";
import type { Output } from "./output.ts";
import { drawSamples, spreadLabels } from "./sampling.ts";
import { runTraining, type TrainingReport } from "./train-run.ts";

/** Trains a rectified flow in a run folder. */
export async function runFlow(
  folder: string,
  config: FlowConfig,
  dataset: Dataset,
  output: Output,
): Promise<TrainingReport> {
  const { examples } = dataset;
  const flow = createFlowTraining(config, examples);
  const { count, steps, guidanceScale } = config.samples;
  const classes = Array.from({ length: examples.classes }, (_, i) => i);
  const labels = spreadLabels(count, classes);
  // Always the same noise, so that the pictures of a run show one set of samples growing up.
  const noiseKey = foldIn(key(config.seed), 2);
  try {
    return await runTraining({
      folder,
      config,
      examples,
      trainee: flow.trainee,
      batch: flowBatch(dataset, config),
      sampleEvery: config.sampleEvery,
      picture: async () => {
        const samples = await drawSamples(flow.averaged(), examples, {
          labels,
          steps,
          solver: "heun",
          guidanceScale: examples.classes > 0 ? guidanceScale : 1,
          key: noiseKey,
          batchSize: examples.shape.length === 1 ? 2000 : 100,
        });
        return drawGrid(samples, labels, examples, 2);
      },
      output,
    });
  } finally {
    flow.dispose();
  }
}
