import { type Features, rowsOf } from "./features.ts";
import { mean, variance } from "./interval.ts";

export interface InceptionScoreReport {
  /** The mean over the splits, between 1 and the number of classes. */
  readonly score: number;
  /** The standard deviation over the splits. */
  readonly deviation: number;
  readonly protocol: string;
  readonly extractor: string;
  readonly count: number;
  readonly classes: number;
}

export interface InceptionScoreOptions {
  /** What the vectors are; logits go through a softmax. */
  readonly given?: "probabilities" | "logits";
  readonly splits?: number;
}

/**
 * The Inception Score (Salimans et al. 2016, arXiv:1606.03498): exp of the mean of KL(p(y|x) ‖ p(y)), where p(y) is the
 * mean of p(y|x) over the samples of a split (lecture notes that write p(y) = p(y|x) would always give 1). Splits are
 * taken in the order given: shuffle samples that are sorted by class. Mean and deviation over the splits.
 *
 * @param predictions [count × classes], one row a sample; the reference network has 1008 logits
 * @throws if there are fewer samples than splits, a number is not finite, or a row is no distribution
 */
export function inceptionScore(
  predictions: Features,
  { given = "probabilities", splits = 10 }: InceptionScoreOptions = {},
): InceptionScoreReport {
  if (!Number.isInteger(splits) || splits < 1) {
    throw new Error(`inceptionScore: splits must be a positive integer, got ${splits}`);
  }
  const {
    values,
    count,
    dims: classes,
  } = rowsOf("inceptionScore", "predictions", predictions, splits);
  for (let i = 0; i < count; i++) {
    const row = values.subarray(i * classes, (i + 1) * classes);
    if (given === "logits") softmax(row);
    else checkDistribution(row, i);
  }
  const scores = Float64Array.from({ length: splits }, (_, s) => {
    const from = Math.floor((s * count) / splits);
    const to = Math.floor(((s + 1) * count) / splits);
    return Math.exp(mutualInformation(values.subarray(from * classes, to * classes), classes));
  });
  return {
    score: mean(scores),
    deviation: Math.sqrt(variance(scores, 0)),
    protocol: `Inception Score, ${splits} splits in order, of ${given} (arXiv:1606.03498)`,
    extractor: predictions.extractor ?? "not stated",
    count,
    classes,
  };
}

/** The mean of KL(p(y|x) ‖ p(y)) in nats. */
function mutualInformation(rows: Float64Array, classes: number): number {
  const count = rows.length / classes;
  const marginal = new Float64Array(classes);
  for (let at = 0; at < rows.length; at++) marginal[at % classes]! += rows[at]! / count;
  let sum = 0;
  for (let at = 0; at < rows.length; at++) {
    const p = rows[at]!;
    if (p > 0) sum += p * Math.log(p / marginal[at % classes]!);
  }
  return sum / count;
}

function softmax(row: Float64Array): void {
  const largest = row.reduce((most, value) => Math.max(most, value), -Infinity);
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += row[i] = Math.exp(row[i]! - largest);
  for (let i = 0; i < row.length; i++) row[i]! /= sum;
}

function checkDistribution(row: Float64Array, at: number): void {
  const sum = row.reduce((total, value) => total + value, 0);
  if (Math.abs(sum - 1) > 1e-3 || row.some((value) => value < 0)) {
    throw new Error(
      `inceptionScore: probabilities must be at least 0 and sum to 1, got a sum of ${sum} in row ${at}; ` +
        'pass { given: "logits" } for logits',
    );
  }
}
