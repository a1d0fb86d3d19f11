import {
  type CoverageReport,
  gaussianKernel,
  mmd,
  type MmdReport,
  modeCoverage,
  slicedWasserstein,
  type SlicedWassersteinReport,
} from "@gen/metrics";
import { key } from "@gen/random";
import type { DataConfig } from "./config.ts";
import type { PointDataset } from "./dataset.ts";

/** How good samples of points are, against points of the data that were not trained on. */
export interface PointScores {
  samples: number;
  heldOut: number;
  slicedWasserstein: SlicedWassersteinReport;
  /** That of as many points of the training set: what a perfect sampler would reach. */
  realSlicedWasserstein: number;
  mmd: MmdReport;
  /** Of sets with known modes. */
  modes: CoverageReport | null;
}

/** The cost of some is quadratic: at most so many on each side. */
const MOST = 2000;

/** Of `eightGaussians` (@gen/data): centres and deviation. */
const EIGHT = {
  centres: Float32Array.from({ length: 16 }, (_, i) => {
    const angle = (Math.floor(i / 2) * Math.PI) / 4;
    return 2 * Math.SQRT2 * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  }),
  deviation: Math.SQRT1_2 / 2,
};

export function evaluatePoints(
  samples: Float32Array,
  { training, heldOut }: PointDataset,
  data: DataConfig,
): PointScores {
  const features = (values: Float32Array) => ({ values, dims: 2, extractor: "the plane" });
  const some = (values: Float32Array) => features(values.subarray(0, 2 * MOST));
  const real = features(heldOut);
  const options = { key: key(0), projections: 200 };
  const eight = data.name === "points" && data.set === "eightGaussians";
  return {
    samples: samples.length / 2,
    heldOut: heldOut.length / 2,
    slicedWasserstein: slicedWasserstein(features(samples), real, options),
    realSlicedWasserstein: slicedWasserstein(
      features(training.subarray(0, samples.length)),
      real,
      options,
    ).distance,
    mmd: mmd(some(samples), some(heldOut), gaussianKernel(1)),
    modes: eight
      ? modeCoverage(features(samples), features(EIGHT.centres), { deviation: EIGHT.deviation })
      : null,
  };
}
