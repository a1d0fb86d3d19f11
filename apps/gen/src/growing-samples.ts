import { foldIn, key } from "@gen/random";
import type { RunConfig } from "./config.ts";
import { drawGrid } from "./draw-grid.ts";
import type { Dataset } from "./dataset.ts";
import type { SamplePlan } from "./family.ts";
import type { Png } from "./image-grid.ts";
import { allClasses, spreadLabels } from "./labels.ts";

/**
 * The picture of a training: samples of every class, points beside those of the data. Always of the same noise, so that
 * the pictures of a run show one set of samples growing up.
 */
export async function growingSamples<Values>(
  { seed }: RunConfig,
  dataset: Dataset,
  count: number,
  settings: Values,
  draw: (plan: SamplePlan<Values>) => Promise<Float32Array>,
): Promise<Png> {
  const labels = spreadLabels(count, allClasses(dataset.examples));
  const samples = await draw({ labels, settings, key: foldIn(key(seed), 2) });
  return drawGrid(samples, labels, dataset.examples, {
    scale: 2,
    beside: dataset.kind === "points" ? dataset.training : undefined,
  });
}
