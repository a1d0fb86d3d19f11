export { adam, type AdamOptions } from "./adam.ts";
export { adamw, type AdamWOptions } from "./adamw.ts";
export { lion, type LionOptions } from "./lion.ts";
export { sgd, type SgdOptions } from "./sgd.ts";

export { chain } from "./chain.ts";
export { clipByGlobalNorm } from "./clip-by-global-norm.ts";
export { type DecayMask, decayMatrices, decayWeights } from "./decay-weights.ts";
export { momentum, type MomentumOptions } from "./momentum.ts";
export { type AdamMoments, scaleByAdam } from "./scale-by-adam.ts";
export { scaleByLearningRate } from "./scale-by-learning-rate.ts";
export { type LionMoments, scaleByLion } from "./scale-by-lion.ts";
export {
  groupwise,
  type Given,
  type GivenOfGroup,
  type Grouped,
  type Rule,
  type Transform,
} from "./transform.ts";

export {
  constant,
  cosine,
  inverseSquareRoot,
  type InverseSquareRootOptions,
  join,
  linear,
  type RampOptions,
  type Schedule,
  warmUp,
} from "./schedule.ts";

export { type Group, Layout } from "./layout.ts";
export { Optimizer, type OptimizerOptions } from "./optimizer.ts";
export { differentiate, type Losses } from "./differentiate.ts";
export { Ema } from "./ema.ts";
export { gammaOfWidth, powerFunctionDecay, warmedUpDecay } from "./ema-decay.ts";

export type { Batch, Trainee } from "./trainee.ts";
export { type LossTrainee, trainStep, type TrainStepOptions } from "./train-step.ts";
export { type StepEvent, train, type TrainOptions, type TrainResult } from "./train.ts";
export { NonFiniteError } from "./non-finite-error.ts";

export { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
export { checkpointName, latestCheckpoint } from "./checkpoints.ts";
export { loadState } from "./load-state.ts";
export { prefixed, unprefixed } from "./prefixed.ts";
export { MemoryStore } from "./memory-store.ts";
export type { Store } from "./store.ts";
