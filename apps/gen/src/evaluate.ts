import { accuracy, type FeatureStatistics, featureStatistics, frechetDistance } from "@gen/metrics";
import type { Reader } from "./classifier-run.ts";
import { type ImageDataset, normalized } from "./dataset.ts";
import type { Samples } from "./sample-file.ts";

/** How good samples are, in the eyes of a classifier, and how good real images are in the same eyes. */
export interface Evaluation {
  samples: number;
  /** The share of samples that are read as the label they were asked for. */
  labelAccuracy: number;
  /** The share of held-out images that are read as their label: what a perfect sampler would reach. */
  heldOutAccuracy: number | null;
  /** Fréchet distance of the samples to the training images, in the classifier's features. */
  fid: number;
  /** That of the held-out images to the training images. */
  heldOutFid: number | null;
  featureDims: number;
  trainingImages: number;
  heldOutImages: number;
  /** By label: how many samples, and the share of them read right. */
  byLabel: { label: number; count: number; accuracy: number }[];
}

export async function evaluate(
  reader: Reader,
  { numbers, labels }: Samples,
  dataset: ImageDataset,
): Promise<Evaluation> {
  const { dims } = reader;
  const drawn = await reader.read(numbers);
  const training = await reader.read(normalized(dataset.training));
  const trainingStatistics = featureStatistics(training.features, dims);
  const distance = (features: Float32Array): number =>
    frechetDistance(featureStatistics(features, dims), trainingStatistics as FeatureStatistics)
      .distance;

  const { heldOut } = dataset;
  const real = heldOut.count >= 2 ? await reader.read(normalized(heldOut)) : undefined;
  const byLabel = [...new Set(labels)]
    .sort((a, b) => a - b)
    .map((label) => {
      const read = drawn.labels.filter((_, i) => labels[i] === label);
      return {
        label,
        count: read.length,
        accuracy: read.filter((l) => l === label).length / read.length,
      };
    });
  return {
    samples: labels.length,
    labelAccuracy: accuracy(drawn.labels, labels),
    heldOutAccuracy: real && heldOut.labels ? accuracy(real.labels, heldOut.labels) : null,
    fid: distance(drawn.features),
    heldOutFid: real ? distance(real.features) : null,
    featureDims: dims,
    trainingImages: dataset.training.count,
    heldOutImages: heldOut.count,
    byLabel,
  };
}
