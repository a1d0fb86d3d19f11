import { foldIn, key } from "@gen/random";
import type { RunConfig } from "./config.ts";
import type { Dataset } from "./dataset.ts";
import { type Evaluation, evaluate } from "./evaluate.ts";
import { evaluatePoints, type PointScores } from "./evaluate-points.ts";
import type { Reader } from "./families/classifier.ts";
import type { Family, Trained } from "./family.ts";
import type { Output } from "./output.ts";
import { heldOutOf, type LikelihoodReport, reportLikelihood } from "./likelihood-report.ts";
import type { Samples } from "./sample-file.ts";
import { createProgress } from "./status-line.ts";

/** All that is measured of a model. */
export interface Measured {
  images?: Evaluation;
  points?: PointScores;
  likelihood?: LikelihoodReport;
}

export interface MeasureOptions {
  family: Family;
  trained: Trained;
  config: RunConfig;
  dataset: Dataset;
  /** For images: who judges them. */
  reader: Reader | undefined;
  /** Of images, they are scored if there is a reader. */
  samples: Samples | undefined;
  /** At most so many held-out examples have their likelihood taken. */
  heldOut: number;
  seed: number;
  output: Output;
  signal: AbortSignal;
}

/** Scores samples, and takes the likelihood of held-out examples where the family has one. */
export async function measure(options: MeasureOptions): Promise<Measured> {
  const { family, trained, config, dataset, reader, samples, seed, output, signal } = options;
  const measured: Measured = {};
  if (samples && dataset.kind === "points")
    measured.points = evaluatePoints(samples.numbers, dataset, config.data);
  if (samples && dataset.kind === "images" && reader)
    measured.images = await evaluate(reader, samples, dataset);
  const heldOut = heldOutOf(dataset, options.heldOut);
  if (family.likelihood && heldOut.count >= 2) {
    const progress = createProgress("held-out example", 0, heldOut.count);
    const likelihoods = await family.likelihood(trained, heldOut, {
      key: foldIn(key(seed), 1),
      signal,
      onProgress(done) {
        progress.advance(done);
        output.status(() => progress.line());
      },
    });
    output.clearStatus();
    measured.likelihood = reportLikelihood(likelihoods, heldOut, config.data);
  }
  return measured;
}
