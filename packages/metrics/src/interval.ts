import { bits, erfInv, foldIn, type Key } from "@gen/random";

/** Where a score may lie, by the chance of which samples were drawn. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** The share of such intervals that hold the expected score. */
  readonly level: number;
}

export interface BootstrapOptions {
  readonly key: Key;
  /** How often the samples are drawn again; Efron and Tibshirani 1993 advise 200 or more. */
  readonly resamples?: number;
  readonly level?: number;
}

/**
 * The interval of a score by the bootstrap (Efron 1979): the score of samples that are drawn from the samples, with
 * replacement, again and again. The percentiles are moved by the score less their mean, because many scores, Fréchet
 * distances among them, are larger for drawn-again samples, which hold duplicates.
 *
 * @param count how many samples there are
 * @param score of the samples with these indices; its value for 0 … count-1 is the centre
 * @throws if there are fewer than 2 samples or resamples, the level is not in (0, 1), or a score is not finite
 */
export function bootstrapInterval(
  count: number,
  score: (indices: Int32Array) => number,
  { key, resamples = 200, level = 0.95 }: BootstrapOptions,
): Interval {
  checkLevel("bootstrapInterval", level);
  for (const [name, value] of Object.entries({ count, resamples })) {
    if (!Number.isInteger(value) || value < 2) {
      throw new Error(`bootstrapInterval: ${name} must be an integer of at least 2, got ${value}`);
    }
  }
  const finite = (value: number): number => {
    if (Number.isFinite(value)) return value;
    throw new Error(`bootstrapInterval: score must give finite numbers, gave ${value}`);
  };
  const centre = finite(score(Int32Array.from({ length: count }, (_, i) => i)));
  const scores = Float64Array.from({ length: resamples }, (_, r) =>
    finite(score(Int32Array.from(bits(foldIn(key, r), count), (word) => (word / 2 ** 32) * count))),
  ).sort();
  const shift = centre - mean(scores);
  const at = (share: number): number => {
    const place = share * (resamples - 1);
    const below = scores[Math.floor(place)]!;
    return below + (place % 1) * (scores[Math.ceil(place)]! - below) + shift;
  };
  return { low: at((1 - level) / 2), high: at((1 + level) / 2), level };
}

/** A normal interval around a value. */
export function normalInterval(value: number, standardError: number, level: number): Interval {
  const reach = quantile(level) * standardError;
  return { low: value - reach, high: value + reach, level };
}

/** The interval of a share of `count` samples (Wilson 1927): within [0, 1], and not empty at 0 or 1. */
export function shareInterval(share: number, count: number, level: number): Interval {
  const z2 = quantile(level) ** 2;
  const centre = (share + z2 / (2 * count)) / (1 + z2 / count);
  const reach =
    Math.sqrt((z2 * (share * (1 - share) + z2 / (4 * count))) / count) / (1 + z2 / count);
  return { low: Math.max(0, centre - reach), high: Math.min(1, centre + reach), level };
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Σ(v - mean)² / (n - freedom). */
export function variance(values: ArrayLike<number>, freedom: 0 | 1): number {
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - centre) ** 2;
  return sum / (values.length - freedom);
}

/** The mean's normal interval. */
export function meanInterval(values: ArrayLike<number>, level: number): Interval {
  return normalInterval(mean(values), Math.sqrt(variance(values, 1) / values.length), level);
}

export function checkLevel(caller: string, level: number): void {
  if (!(level > 0 && level < 1)) {
    throw new Error(`${caller}: level must be between 0 and 1, got ${level}`);
  }
}

function quantile(level: number): number {
  return Math.SQRT2 * erfInv(level);
}
