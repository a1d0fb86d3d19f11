import {
  accuracy,
  densityCoverage,
  type DensityCoverageReport,
  type Features,
  type FeatureStatistics,
  featureStatistics,
  frechetDistance,
  frechetInterval,
  type FrechetReport,
  type Interval,
  kernelDistance,
  type KernelDistanceReport,
  precisionRecall,
  type PrecisionRecallReport,
} from "@gen/metrics";
import { key, permutation } from "@gen/random";
import type { Reader } from "./families/classifier.ts";
import { type ImageDataset, normalized } from "./dataset.ts";
import type { Samples } from "./sample-file.ts";

/** How good samples are, in the eyes of a classifier, and how good real images are in the same eyes. */
export interface Evaluation {
  samples: number;
  /** The share of samples that are read as the label they were asked for; null where they were asked for none. */
  labelAccuracy: number | null;
  /** The share of held-out images that are read as their label: what a perfect sampler would reach. */
  heldOutAccuracy: number | null;
  /** Fréchet distance of the samples to the training images, in the classifier's features. */
  fid: number;
  /** That of the held-out images to the training images. */
  heldOutFid: number | null;
  featureDims: number;
  /** The rest needs a few samples, and is null below that. */
  scores: Scores | null;
  trainingImages: number;
  heldOutImages: number;
  /** By label: how many samples, and the share of them read right. */
  byLabel: { label: number; count: number; accuracy: number }[];
}

/** Reports of the samples against the training images, each with its sizes, its intervals and how it was computed. */
export interface Scores {
  frechet: FrechetReport & { interval: Interval };
  kernel: KernelDistanceReport;
  /** These two, against as many training images as there are samples. */
  precisionRecall: PrecisionRecallReport;
  densityCoverage: DensityCoverageReport;
}

const ENOUGH = 10;

export async function evaluate(
  reader: Reader,
  { numbers, labels }: Samples,
  dataset: ImageDataset,
): Promise<Evaluation> {
  const { dims, hash } = reader;
  const featuresOf = (values: Float32Array): Features => ({
    values,
    dims,
    extractor: `classifier ${hash}`,
  });
  const drawn = await reader.read(numbers);
  const training = featuresOf((await reader.read(normalized(dataset.training))).features);
  const trainingStatistics = featureStatistics(training);
  const distance = (features: Float32Array): FrechetReport =>
    frechetDistance(featureStatistics(featuresOf(features)), trainingStatistics);

  const { heldOut } = dataset;
  const real = heldOut.count >= 2 ? await reader.read(normalized(heldOut)) : undefined;
  const byLabel = [...new Set(labels ?? [])]
    .sort((a, b) => a - b)
    .map((label) => {
      const read = drawn.labels.filter((_, i) => labels?.[i] === label);
      return {
        label,
        count: read.length,
        accuracy: read.filter((l) => l === label).length / read.length,
      };
    });
  return {
    samples: drawn.labels.length,
    labelAccuracy: labels ? accuracy(drawn.labels, labels) : null,
    heldOutAccuracy: real && heldOut.labels ? accuracy(real.labels, heldOut.labels) : null,
    fid: distance(drawn.features).distance,
    heldOutFid: real ? distance(real.features).distance : null,
    featureDims: dims,
    scores: scoresOf(featuresOf(drawn.features), training, trainingStatistics),
    trainingImages: dataset.training.count,
    heldOutImages: heldOut.count,
    byLabel,
  };
}

function scoresOf(
  generated: Features,
  training: Features,
  statistics: FeatureStatistics,
): Scores | null {
  const { dims } = generated;
  const count = generated.values.length / dims;
  const trainingCount = training.values.length / dims;
  const fewer = Math.min(count, trainingCount);
  if (fewer < ENOUGH) return null;
  // The same subsets each time.
  const chosen = permutation(key(0), trainingCount).subarray(0, fewer);
  const real: Features = { ...training, values: rowsAt(training, chosen) };
  return {
    frechet: {
      ...frechetDistance(featureStatistics(generated), statistics),
      interval: frechetInterval(generated, statistics, { key: key(1) }),
    },
    kernel: kernelDistance(generated, training, {
      key: key(2),
      subsets: 20,
      subsetSize: Math.min(fewer, 1000),
    }),
    precisionRecall: precisionRecall(generated, real),
    densityCoverage: densityCoverage(generated, real),
  };
}

function rowsAt({ values, dims }: Features, indices: Int32Array): Float32Array {
  return Float32Array.from(
    { length: indices.length * dims },
    (_, at) => values[indices[Math.floor(at / dims)]! * dims + (at % dims)]!,
  );
}
