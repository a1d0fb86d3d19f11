import { bernoulli } from "./bernoulli.ts";
import { discretizedLogistic } from "./discretized-logistic.ts";
import { gaussian, gaussianWithVariance } from "./gaussian.ts";
import type { Likelihood } from "./likelihood.ts";

/** A likelihood as a configuration names it: plain JSON. */
export type LikelihoodConfig =
  | "bernoulli"
  | "gaussianWithVariance"
  | { readonly name: "gaussian"; readonly variance: number }
  | { readonly name: "discretizedLogistic"; readonly levels: number };

/** The likelihood of a name, or the one that is given. */
export function likelihoodOf(config: LikelihoodConfig | Likelihood): Likelihood {
  if (typeof config === "object" && "logProbability" in config) return config;
  if (config === "bernoulli") return bernoulli;
  if (config === "gaussianWithVariance") return gaussianWithVariance;
  if (typeof config === "object" && config.name === "gaussian") return gaussian(config.variance);
  if (typeof config === "object" && config.name === "discretizedLogistic") {
    return discretizedLogistic(config.levels);
  }
  throw new Error(
    'likelihoodOf: config must be "bernoulli", "gaussianWithVariance", { name: "gaussian", variance }, ' +
      `{ name: "discretizedLogistic", levels } or a likelihood, got ${JSON.stringify(config)}`,
  );
}
