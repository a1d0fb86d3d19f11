export { accuracy } from "./accuracy.ts";
export {
  bitsPerDimension,
  type BitsPerDimensionOptions,
  type BitsPerDimensionReport,
} from "./bits-per-dimension.ts";
export { densityCoverage, type DensityCoverageReport } from "./density-coverage.ts";
export {
  FeatureAccumulator,
  featureStatistics,
  type FeatureStatistics,
} from "./feature-statistics.ts";
export type { Features } from "./features.ts";
export { frechetDistance, type FrechetReport } from "./frechet-distance.ts";
export {
  frechetDistanceInfinity,
  type FrechetInfinityOptions,
  type FrechetInfinityReport,
} from "./frechet-infinity.ts";
export { frechetInterval } from "./frechet-interval.ts";
export type { ImagePairs, ImageReport } from "./images.ts";
export {
  inceptionScore,
  type InceptionScoreOptions,
  type InceptionScoreReport,
} from "./inception-score.ts";
export { type BootstrapOptions, bootstrapInterval, type Interval } from "./interval.ts";
export { gaussianKernel, type Kernel, polynomialKernel } from "./kernel.ts";
export {
  kernelDistance,
  type KernelDistanceOptions,
  type KernelDistanceReport,
} from "./kernel-distance.ts";
export { cmmd, type CmmdReport, mmd, type MmdReport } from "./mmd.ts";
export {
  classCoverage,
  type CoverageReport,
  modeCoverage,
  type ModeCoverageOptions,
} from "./mode-coverage.ts";
export type { NeighbourOptions } from "./neighbour-options.ts";
export { type FeatureMaps, perceptualDistance } from "./perceptual-distance.ts";
export { precisionRecall, type PrecisionRecallReport } from "./precision-recall.ts";
export { psnr } from "./psnr.ts";
export type { Report } from "./report.ts";
export {
  slicedWasserstein,
  type SlicedWassersteinOptions,
  type SlicedWassersteinReport,
} from "./sliced-wasserstein.ts";
export { ssim } from "./ssim.ts";
export {
  classifierTwoSampleTest,
  type TwoSampleOptions,
  type TwoSampleReport,
} from "./two-sample-test.ts";
