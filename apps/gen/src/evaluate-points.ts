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

/** How good the points of a training are as it goes on: numbers to be drawn over steps. */
export function watchPoints(
  samples: Float32Array,
  { heldOut }: PointDataset,
  data: DataConfig,
): Record<string, number> {
  const modes = modesOf(samples, data);
  return {
    slicedWasserstein: slicedWasserstein(points(samples), points(heldOut), sliced).distance,
    ...(modes && { modesHit: modes.hit, highQualityShare: modes.highQualityShare }),
  };
}

export function evaluatePoints(
  samples: Float32Array,
  { training, heldOut }: PointDataset,
  data: DataConfig,
): PointScores {
  const some = (values: Float32Array) => points(values.subarray(0, 2 * MOST));
  const real = points(heldOut);
  return {
    samples: samples.length / 2,
    heldOut: heldOut.length / 2,
    slicedWasserstein: slicedWasserstein(points(samples), real, sliced),
    realSlicedWasserstein: slicedWasserstein(
      points(training.subarray(0, samples.length)),
      real,
      sliced,
    ).distance,
    mmd: mmd(some(samples), some(heldOut), gaussianKernel(1)),
    modes: modesOf(samples, data),
  };
}

const sliced = { key: key(0), projections: 200 };

const points = (values: Float32Array) => ({ values, dims: 2, extractor: "the plane" });

function modesOf(samples: Float32Array, data: DataConfig): CoverageReport | null {
  if (data.name !== "points" || data.set !== "eightGaussians") return null;
  return modeCoverage(points(samples), points(EIGHT.centres), { deviation: EIGHT.deviation });
}
