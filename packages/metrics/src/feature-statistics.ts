import type { Features } from "./features.ts";

/** Mean and covariance of a set of feature vectors, in float64. Plain data: it can be stored and made by hand. */
export interface FeatureStatistics {
  /** How many vectors they come from. */
  readonly count: number;
  /** The length of a vector. */
  readonly dims: number;
  /** [dims]. */
  readonly mean: Float64Array;
  /** [dims × dims], row by row: the unbiased estimate, divided by count - 1. */
  readonly covariance: Float64Array;
  /** Name or hash of the extractor. */
  readonly extractor?: string;
}

/**
 * The statistics of feature vectors that are all at hand.
 *
 * @throws as `FeatureAccumulator`
 */
export function featureStatistics({ values, dims, extractor }: Features): FeatureStatistics {
  const accumulator = new FeatureAccumulator(dims, extractor);
  accumulator.add(values);
  return accumulator.statistics();
}

/**
 * Gathers feature statistics batch by batch, in memory that does not grow. Each batch is centred on its own mean and
 * merged by the update of Chan, Golub and LeVeque 1979 (eq. 2.1): nothing cancels, however large the means are.
 * Cost: count · dims² / 2 multiplications.
 */
export class FeatureAccumulator {
  readonly dims: number;
  readonly extractor: string | undefined;
  #count = 0;
  readonly #mean: Float64Array;
  /** Sums of products of differences from the mean; only the upper triangle is kept. */
  readonly #scatter: Float64Array;

  /**
   * @param extractor name or hash of what makes the features
   * @throws if `dims` is not a positive integer
   */
  constructor(dims: number, extractor?: string) {
    if (!Number.isInteger(dims) || dims < 1) {
      throw new Error(`FeatureAccumulator: dims must be a positive integer, got ${dims}`);
    }
    this.dims = dims;
    this.extractor = extractor;
    this.#mean = new Float64Array(dims);
    this.#scatter = new Float64Array(dims * dims);
  }

  /** How many vectors were added. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds a batch.
   *
   * @param features [count × dims], row by row
   * @throws if their length is not a multiple of `dims`, or one of them is not finite; then nothing was added
   */
  add(features: ArrayLike<number>): void {
    const { dims } = this;
    const count = features.length / dims;
    if (!Number.isInteger(count)) {
      throw new Error(
        `FeatureAccumulator.add: features must hold whole vectors of ${dims} numbers, got ${features.length} numbers`,
      );
    }
    if (count === 0) return;
    const mean = new Float64Array(dims);
    for (let row = 0; row < count; row++) {
      for (let i = 0; i < dims; i++) {
        const value = features[row * dims + i] as number;
        if (!Number.isFinite(value)) {
          throw new Error(
            `FeatureAccumulator.add: features must be finite, got ${value} at place ${i} of vector ${row}`,
          );
        }
        mean[i]! += value / count;
      }
    }
    const centred = new Float64Array(dims);
    for (let row = 0; row < count; row++) {
      for (let i = 0; i < dims; i++) centred[i] = (features[row * dims + i] as number) - mean[i]!;
      this.#addProduct(centred, 1);
    }
    const total = this.#count + count;
    for (let i = 0; i < dims; i++) centred[i] = mean[i]! - this.#mean[i]!;
    this.#addProduct(centred, (this.#count * count) / total);
    for (let i = 0; i < dims; i++) this.#mean[i]! += (centred[i]! * count) / total;
    this.#count = total;
  }

  #addProduct(vector: Float64Array, weight: number): void {
    const { dims } = this;
    const scatter = this.#scatter;
    for (let i = 0; i < dims; i++) {
      const factor = vector[i]! * weight;
      for (let j = i, at = i * dims + i; j < dims; j++, at++) scatter[at]! += factor * vector[j]!;
    }
  }

  /**
   * The statistics of all that was added so far.
   *
   * @throws if fewer than two vectors were added: one has no covariance
   */
  statistics(): FeatureStatistics {
    const { dims } = this;
    const count = this.#count;
    if (count < 2) {
      throw new Error(
        `FeatureAccumulator.statistics: a covariance needs at least 2 vectors, got ${count}; add more samples`,
      );
    }
    const covariance = new Float64Array(dims * dims);
    for (let i = 0; i < dims; i++) {
      for (let j = i; j < dims; j++) {
        const value = this.#scatter[i * dims + j]! / (count - 1);
        covariance[i * dims + j] = value;
        covariance[j * dims + i] = value;
      }
    }
    const { extractor } = this;
    const statistics = { count, dims, mean: this.#mean.slice(), covariance };
    return extractor === undefined ? statistics : { ...statistics, extractor };
  }
}
