export {
  FeatureAccumulator,
  featureStatistics,
  type FeatureStatistics,
} from "./feature-statistics.ts";
export { frechetDistance, type FrechetReport } from "./frechet-distance.ts";
export { accuracy } from "./accuracy.ts";
