export type { GuidanceRule, GuidanceStrength } from "./guidance-rule.ts";
export {
  classifierFree,
  type ClassifierFreeOptions,
  type ConditionalDenoiser,
} from "./classifier-free.ts";
export { autoguidance } from "./autoguidance.ts";
export { classifierGuidance } from "./classifier-guidance.ts";
export { interval, type TimeInterval } from "./interval.ts";
export { rescale } from "./rescale.ts";
export { adaptiveProjected, type AdaptiveProjectedOptions } from "./adaptive-projected.ts";
export { optimizedScale } from "./optimized-scale.ts";
