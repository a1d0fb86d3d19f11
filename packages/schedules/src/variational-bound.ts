import { normalArray, split, type Key } from "@gen/random";
import type { LossWeight } from "./loss-weights.ts";
import { logNormalInterval } from "./normal.ts";
import type { Path } from "./path.ts";
import { forwardStep, posterior } from "./posterior.ts";

/** KL(N(mean, variance) ‖ N(otherMean, otherVariance)) of one dimension, in nats. */
export function gaussianKl(
  mean: number,
  variance: number,
  otherMean: number,
  otherVariance: number,
): number {
  const ratio = variance / otherVariance;
  // log1p keeps the digits where the variances are all but equal.
  return (ratio - 1 - Math.log(ratio) + (mean - otherMean) ** 2 / otherVariance) / 2;
}

/**
 * L_T: how far x_t at the end of a path is from noise alone, KL(N(a·x, b²) ‖ N(0, variance)) summed over x, in nats (Ho
 * et al. 2020, arXiv:2006.11239, eq. 5).
 *
 * @param x data
 * @param options the variance of the prior. Default a² + b² at the end for a variance-preserving path 1, for others b².
 */
export function priorLoss(
  path: Path,
  x: ArrayLike<number>,
  { variance }: { variance?: number } = {},
): number {
  const [a, b] = [path.a(path.end), path.b(path.end)];
  const preserves = Math.abs(a * a + b * b - 1) < 1e-9;
  const prior = variance ?? (preserves ? 1 : b * b);
  if (!(prior > 0)) throw new Error(`priorLoss: variance must be a positive number, got ${prior}`);
  // 1 - a² where b² is near 1, so that nothing cancels.
  const excess = preserves && prior === 1 ? -a * a : (b * b) / prior - 1;
  const spread = (excess - Math.log1p(excess)) / 2;
  return Array.from(x).reduce((sum, value) => sum + spread + (a * value) ** 2 / (2 * prior), 0);
}

/**
 * The weight of the squared error of the data in the term L_{t-1} of the bound, from time t to s, in nats: ½(SNR(s) -
 * SNR(t)), for a reverse step with the posterior's variance β̃ (Kingma et al. 2021, arXiv:2107.00630, eq. 13). In terms
 * of the noise, for a table, it is β²/(2σ²(1-β)(1-ᾱ)) (Ho et al. 2020, eq. 12). It is infinite at s = 0, where the
 * decoder's term stands instead.
 *
 * @throws unless 0 <= s < t <= end
 */
export function boundTermWeight(path: Path, t: number, s: number): LossWeight {
  const { variance } = posterior(path, t, s);
  if (variance === 0) return { of: "data", at: () => Infinity };
  const high = path.logSnr(s);
  return { of: "data", at: (logSnr) => (Math.exp(high) * -Math.expm1(logSnr - high)) / 2 };
}

/**
 * The weight of the noise in the bound for continuous time, in nats and uniform times in [0, end]: -½·λ'(t)·end (Kingma
 * et al. 2021, arXiv:2107.00630, eq. 17).
 */
export function boundWeight(path: Path, t: number): LossWeight {
  if (!(t > 0 && t < path.end)) {
    throw new Error(
      `boundWeight: t must be inside the path ${path.name}, in (0, ${path.end}), got ${t}`,
    );
  }
  const slope = 2 * (path.aPrime(t) / path.a(t) - path.bPrime(t) / path.b(t));
  return { of: "noise", at: () => (-slope * path.end) / 2 };
}

/**
 * A learned variance between the two extremes, exp(v·log β + (1 - v)·log β̃) for a step from t to s (Nichol and Dhariwal
 * 2021, arXiv:2102.09672, eq. 15). β̃ is 0 at s = 0: there, as in that paper's code, that of the next step takes its
 * place. Its loss trains v alone: the mean enters it without a gradient.
 *
 * @param v the share of β, in [0, 1]; a network that gives numbers in [-1, 1] means (v + 1)/2
 */
export function learnedVariance(path: Path, t: number, s: number, v: number): number {
  const upper = forwardStep(path, t, s).variance;
  const lower =
    s > 0 ? posterior(path, t, s).variance : posterior(path, Math.min(2 * t, path.end), t).variance;
  return Math.exp(v * Math.log(upper) + (1 - v) * Math.log(lower));
}

/**
 * L_hybrid = L_simple + λ·L_vlb (Nichol and Dhariwal 2021, arXiv:2102.09672, eq. 16).
 *
 * @param options λ, default 0.001
 */
export function hybridLoss(
  simple: number,
  bound: number,
  { lambda = 0.001 }: { lambda?: number } = {},
): number {
  return simple + lambda * bound;
}

/**
 * The log-probability of one value of an image under a Gaussian cut into bins, in nats: the values are `levels` numbers
 * in equal steps from -1 to 1, and the first and the last bin reach to infinity, so that all sum to 1 (Ho et al. 2020,
 * arXiv:2006.11239, eq. 13). Exact, in the far tails too, where the paper's code approximates the normal distribution.
 *
 * @param x one of the values
 * @param options how many values there are. Default 256.
 * @throws if `x` is not in [-1, 1] or `std` not positive
 */
export function discretizedGaussianLogProbability(
  x: number,
  mean: number,
  std: number,
  { levels = 256 }: { levels?: number } = {},
): number {
  if (!(x >= -1 - 1e-6 && x <= 1 + 1e-6)) {
    throw new Error(
      `discretizedGaussianLogProbability: x must be in [-1, 1], got ${x}; scale pixels by 2/255 and take 1 away`,
    );
  }
  if (!(std > 0)) {
    throw new Error(`discretizedGaussianLogProbability: std must be a positive number, got ${std}`);
  }
  const half = 1 / (levels - 1);
  const low = x < -1 + half ? -Infinity : (x - half - mean) / std;
  const high = x > 1 - half ? Infinity : (x + half - mean) / std;
  return logNormalInterval(low, high);
}

/** What the terms of the bound are made of. */
export interface BoundModel {
  readonly path: Path;
  /** Data, in [-1, 1] where the decoder is discretised. */
  readonly x: ArrayLike<number>;
  /** The model: the mean of the data given x_t. */
  predict(xt: Float64Array, t: number): ArrayLike<number>;
  /** The variance of the reverse step from t to s. Default the posterior's β̃, and b² of the first time for the last. */
  variance?(t: number, s: number): number;
  /**
   * The negative log-probability of the data in the last term, by default that of the discretised Gaussian with 256
   * levels.
   */
  decoder?(x: number, mean: number, std: number): number;
}

export interface BoundOptions extends BoundModel {
  /** Falling, from the path's end to 0: for a table T, T - 1, …, 0. */
  readonly times: readonly number[];
  /** Draws one x_t for each term. */
  readonly key: Key;
}

/**
 * One term of the variational bound, of the step from t to s, at one x_t = a·x + b·z: L_{t-1}, and L_0 where s is 0, in
 * nats and summed over x (Ho et al. 2020, arXiv:2006.11239, eq. 5). Its mean over normal z is the term.
 *
 * @param z as many numbers as x
 * @throws unless 0 <= s < t <= end, and z is as long as x
 */
export function boundTerm(model: BoundModel, t: number, s: number, z: ArrayLike<number>): number {
  const { path, decoder = (...bin) => -discretizedGaussianLogProbability(...bin) } = model;
  const x = Float64Array.from(model.x);
  if (z.length !== x.length) {
    throw new Error(`boundTerm: z must be as long as x, got ${z.length} numbers for ${x.length}`);
  }
  const step = posterior(path, t, s);
  const [a, b] = [path.a(t), path.b(t)];
  const predicted = model.predict(
    x.map((value, j) => a * value + b * (z[j] as number)),
    t,
  );
  if (predicted.length !== x.length) {
    throw new Error(
      `boundTerm: predict must give a number for each of x, got ${predicted.length} for ${x.length}`,
    );
  }
  const variance = model.variance?.(t, s) ?? (s === 0 ? b * b : step.variance);
  return x.reduce((sum, value, j) => {
    const guess = predicted[j] as number;
    if (s === 0) return sum + decoder(value, guess, Math.sqrt(variance));
    return sum + gaussianKl(step.data * (value - guess), step.variance, 0, variance);
  }, 0);
}

/**
 * The terms L_T, L_{T-1}, …, L_1, L_0 of the variational bound of -log p(x), each summed over x, in nats (Ho et al. 2020,
 * arXiv:2006.11239, eq. 5). Each is an estimate from one x_t, a `boundTerm`; their sum is one of the bound, and `key`
 * says which. Divide by x.length·ln 2 for bits per dimension.
 *
 * @returns as many numbers as there are times
 * @throws unless the times fall from the path's end to 0
 */
export function boundTerms({ times, key, ...model }: BoundOptions): number[] {
  const { path, x } = model;
  const falls = times.every((t, i) => i === 0 || t < (times[i - 1] as number));
  if (times.length < 2 || times[0] !== path.end || times.at(-1) !== 0 || !falls) {
    throw new Error(
      `boundTerms: times must fall from the path's end, ${path.end}, to 0, got ${times.length} from ${times[0]} to ${times.at(-1)}`,
    );
  }
  const keys = split(key, times.length - 1);
  const terms = times
    .slice(1)
    .map((s, i) => boundTerm(model, times[i] as number, s, normalArray(keys[i] as Key, x.length)));
  return [priorLoss(path, x), ...terms];
}
