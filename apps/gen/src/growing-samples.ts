import { foldIn, key } from "@gen/random";
import type { RunConfig } from "./config.ts";
import { drawGrid } from "./draw-grid.ts";
import type { Dataset } from "./dataset.ts";
import { watchPoints } from "./evaluate-points.ts";
import type { SamplePlan, SamplesPicture } from "./family.ts";
import { allClasses, spreadLabels } from "./labels.ts";

/**
 * The picture of a training: samples of every class, points beside those of the data and with their scores. Always of the
 * same noise, so that the pictures of a run show one set of samples growing up.
 */
export async function growingSamples<Values>(
  { seed, data }: RunConfig,
  dataset: Dataset,
  count: number,
  settings: Values,
  draw: (plan: SamplePlan<Values>) => Promise<Float32Array>,
): Promise<SamplesPicture> {
  const labels = spreadLabels(count, allClasses(dataset.examples));
  const samples = await draw({ labels, settings, key: foldIn(key(seed), 2) });
  const points = dataset.kind === "points" ? dataset : undefined;
  const png = await drawGrid(samples, labels, dataset.examples, {
    scale: 2,
    beside: points?.training,
  });
  // Of a training that diverges the loop tells, by its loss.
  const scored = points && samples.every(Number.isFinite);
  return { ...png, scores: scored ? watchPoints(samples, points, data) : undefined };
}
