export type { Path } from "./path.ts";
export { rectifiedFlow } from "./rectified-flow.ts";
export { trigonometric } from "./trigonometric.ts";
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
