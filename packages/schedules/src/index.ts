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
export { karrasGrid, type SigmaGrid } from "./karras-grid.ts";
export { timesOfSigmas } from "./times-of-sigmas.ts";
export { uniformGrid } from "./uniform-grid.ts";
export { shiftedTime } from "./shifted-time.ts";
export type { TrainingTimes } from "./training-times.ts";
export { uniformTimes } from "./uniform-times.ts";
export { logitNormalDensity, logitNormalTimes, type LogitNormal } from "./logit-normal-times.ts";
export {
  predictionConversion,
  predictionTarget,
  type Conversion,
  type Prediction,
  type Target,
} from "./prediction.ts";
