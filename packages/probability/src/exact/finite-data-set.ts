import { bits, type Key } from "@gen/random";
import {
  countRows,
  type Denoisable,
  type ExactDensity,
  type ExactSamples,
  type Noisable,
  type Points,
} from "./density.ts";

/** A finite data set as a distribution: every point has the same mass, and there is no density until noise is added. */
export interface FiniteDataSet extends ExactSamples, Noisable, Denoisable {
  readonly count: number;
  /** The points, [count × dimensions]. */
  readonly data: Points;
}

/**
 * The empirical distribution of a finite data set. Its optimal denoiser answers with an average of the data, weighted
 * by how likely each point is behind the noisy one; a model that learnt it perfectly would only ever repeat the data.
 *
 * @param data [count × dimensions]; it is kept, not copied
 */
export function finiteDataSet(data: Points, dimensions: number): FiniteDataSet {
  if (!Number.isInteger(dimensions) || dimensions < 1) {
    throw new Error(`finiteDataSet: dimensions must be a whole number ≥ 1, got ${dimensions}`);
  }
  const count = countRows("finiteDataSet", data, dimensions);
  if (count < 1) throw new Error("finiteDataSet: data must hold at least one point, got none");

  /** The posterior mean of the data point given a·x + b·z = points[at …], into `mean`; ln Σᵢ exp(-‖y - a·xᵢ‖²/2b²). */
  function average(points: Points, at: number, a: number, b: number, mean: Float64Array): number {
    const squares = new Float64Array(count);
    let nearest = Infinity;
    for (let i = 0; i < count; i++) {
      let square = 0;
      for (let d = 0; d < dimensions; d++) {
        square += (points[at + d]! - a * data[i * dimensions + d]!) ** 2;
      }
      squares[i] = square;
      nearest = Math.min(nearest, square);
    }
    mean.fill(0);
    let total = 0;
    for (let i = 0; i < count; i++) {
      // At b = 0 only the nearest points are left.
      const excess = squares[i]! - nearest;
      const weight = excess === 0 ? 1 : Math.exp(-excess / (2 * b * b));
      if (weight === 0) continue;
      total += weight;
      for (let d = 0; d < dimensions; d++) mean[d]! += weight * data[i * dimensions + d]!;
    }
    for (let d = 0; d < dimensions; d++) mean[d]! /= total;
    return Math.log(total) - nearest / (2 * b * b);
  }

  const self: FiniteDataSet = {
    dimensions,
    count,
    data,
    sample(key: Key, wanted: number) {
      const points = new Float64Array(wanted * dimensions);
      bits(key, wanted).forEach((word, row) => {
        const from = Math.floor((word / 2 ** 32) * count) * dimensions;
        for (let d = 0; d < dimensions; d++) points[row * dimensions + d] = data[from + d]!;
      });
      return points;
    },
    denoise(points, a, b) {
      const rows = countRows("denoise", points, dimensions);
      const means = new Float64Array(rows * dimensions);
      for (let at = 0; at < means.length; at += dimensions) {
        average(points, at, a, b, means.subarray(at, at + dimensions));
      }
      const noise = means.map((mean, i) => (b === 0 ? 0 : (points[i]! - a * mean) / b));
      return { data: means, noise };
    },
    noised(a, b): ExactDensity {
      if (!(b > 0)) {
        throw new Error(
          `noised: b must be above 0 for a finite data set to have a density, got ${b}`,
        );
      }
      const constant = Math.log(count) + (dimensions / 2) * Math.log(2 * Math.PI * b * b);
      return {
        dimensions,
        logDensity(points) {
          const mean = new Float64Array(dimensions);
          const logs = new Float64Array(countRows("logDensity", points, dimensions));
          return logs.map((_, row) => average(points, row * dimensions, a, b, mean) - constant);
        },
        score: (points) => self.denoise(points, a, b).noise.map((noise) => -noise / b),
      };
    },
  };
  return self;
}
