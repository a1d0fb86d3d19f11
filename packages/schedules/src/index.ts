export type { Path } from "./path.ts";
export { rectifiedFlow } from "./rectified-flow.ts";
export { trigonometric } from "./trigonometric.ts";
export { edm } from "./edm.ts";
export {
  subVariancePreserving,
  variancePreserving,
  type BetaRange,
} from "./variance-preserving.ts";
export { varianceExploding, type SigmaRange } from "./variance-exploding.ts";
export { cosine } from "./cosine.ts";
export { sigmoidPath } from "./sigmoid-path.ts";
export { laplacePath } from "./laplace-path.ts";
export { pathOfLogSnr, type LogSnrCurve } from "./path-of-log-snr.ts";
export { betaPath, type BetaPath } from "./beta-path.ts";
export {
  betasOfPath,
  constantBetas,
  jsdBetas,
  linearBetas,
  scaledLinearBetas,
  sigmoidBetas,
  sqrtBetas,
  warmupBetas,
  type BetaTable,
} from "./betas.ts";
export { zeroTerminalSnr } from "./zero-terminal-snr.ts";
export { pathChange, type ChangedPoint } from "./path-change.ts";
export { forwardStep, posterior, type Posterior, type Transition } from "./posterior.ts";

export { uniformGrid } from "./uniform-grid.ts";
export { karrasGrid, type SigmaGrid } from "./karras-grid.ts";
export { betaGrid, exponentialGrid, logSnrGrid, polyexponentialGrid } from "./sigma-grids.ts";
export { alignYourStepsGrid, alignYourStepsTimes, type AlignedModel } from "./align-your-steps.ts";
export { sectionedGrid, tableGrid, type Spacing } from "./table-grids.ts";
export { timesOfSigmas } from "./times-of-sigmas.ts";
export { shiftedTime } from "./shifted-time.ts";
export { dynamicShift, resolutionShift } from "./resolution-shift.ts";

export type { TrainingTimes } from "./training-times.ts";
export { timesOf, type TimeDistribution } from "./time-distribution.ts";
export {
  cosMap,
  cosineInterpolated,
  distributionOnPath,
  logLogistic,
  logNormal,
  logUniform,
  logitNormal,
  mode,
  shiftedDistribution,
  splitLogNormal,
  uniform,
  vDiffusion,
  type Normal,
  type Truncation,
} from "./time-distributions.ts";
export {
  independentUniforms,
  lowDiscrepancyUniforms,
  stratifiedUniforms,
  type Uniforms,
} from "./uniforms.ts";
export { uniformTimes } from "./uniform-times.ts";
export { logitNormalTimes } from "./logit-normal-times.ts";
export {
  importanceSteps,
  lossHistory,
  stepProbabilities,
  withLosses,
  type LossHistory,
  type WeightedSteps,
} from "./loss-history.ts";

export {
  edmPrediction,
  flowPrediction,
  predictionConversion,
  predictionTarget,
  trigFlowPrediction,
  type Conversion,
  type LinearPrediction,
  type PathPoint,
  type Prediction,
  type Target,
} from "./prediction.ts";
export {
  consistencyPreconditioning,
  edmPreconditioning,
  type Preconditioning,
} from "./preconditioning.ts";
export {
  cosMapWeight,
  edmWeight,
  flowWeight,
  inverseVarianceWeight,
  lossWeight,
  minSnrWeight,
  p2Weight,
  sigmoidWeight,
  simpleWeight,
  softMinSnrWeight,
  uncertaintyLoss,
  type LossWeight,
} from "./loss-weights.ts";
export {
  boundTerm,
  boundTermWeight,
  boundTerms,
  boundWeight,
  discretizedGaussianLogProbability,
  gaussianKl,
  hybridLoss,
  learnedVariance,
  priorLoss,
  type BoundModel,
  type BoundOptions,
} from "./variational-bound.ts";
