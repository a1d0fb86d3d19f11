import { normalArray } from "@gen/random";
import type { TrainingTimes } from "./training-times.ts";

/** A logit-normal distribution on (0, 1): t = sigmoid(n) with n normal. */
export interface LogitNormal {
  /** The mean of n; above 0 prefers noise. Default 0. */
  mean?: number;
  /** The standard deviation of n, above 0. Default 1. */
  std?: number;
}

/**
 * Training times that prefer the middle of the path (Esser et al. 2024, arXiv:2403.03206, section 3.1, eq. 19). Not
 * log-normal, which is EDM's distribution of noise levels.
 *
 * @throws if `std` is not a positive number or `mean` not finite
 */
export function logitNormalTimes(options: LogitNormal = {}): TrainingTimes {
  const { mean, std } = checked("logitNormalTimes", options);
  return (key, count) => normalArray(key, count).map((n) => 1 / (1 + Math.exp(-(mean + std * n))));
}

/**
 * The density of `logitNormalTimes` at a time in (0, 1): its reciprocal turns a loss over these times into the loss
 * over uniform ones.
 *
 * @throws if `t` is outside (0, 1), `std` not a positive number or `mean` not finite
 */
export function logitNormalDensity(t: number, options: LogitNormal = {}): number {
  const { mean, std } = checked("logitNormalDensity", options);
  if (!(t > 0 && t < 1)) throw new Error(`logitNormalDensity: t must be in (0, 1), got ${t}`);
  const n = (Math.log(t / (1 - t)) - mean) / std;
  return Math.exp(-(n * n) / 2) / (std * Math.sqrt(2 * Math.PI) * t * (1 - t));
}

function checked(name: string, { mean = 0, std = 1 }: LogitNormal): Required<LogitNormal> {
  if (!Number.isFinite(mean)) throw new Error(`${name}: mean must be a finite number, got ${mean}`);
  if (!(std > 0 && std < Infinity)) {
    throw new Error(`${name}: std must be a positive number, got ${std}`);
  }
  return { mean, std };
}
