export { predicting } from "./predicting.ts";
export { onPath } from "./on-path.ts";
export { dynamicThreshold, staticThreshold, type DynamicThresholdOptions } from "./threshold.ts";
export { precondition } from "./precondition.ts";
export { latentConsistency, type LatentConsistencyOptions } from "./latent-consistency.ts";
