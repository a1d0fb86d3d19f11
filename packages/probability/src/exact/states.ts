import { normalArray, uniformArray, type Key } from "@gen/random";

/**
 * What stochastic algorithms need of the states X that they move, so that they are written once for rows of float64
 * numbers (`rowStates`) and for tensors (`tensorStates`). A state is a batch of rows that do not know of each other.
 */
export interface States<X> {
  /** Σ coefficient·value, at least one term. */
  combine(terms: readonly (readonly [coefficient: number, value: X])[]): X;
  /** Standard normal numbers like `x`. */
  normal(key: Key, x: X): X;
  /** The inner product of each row of x with the same row of y: one number per row. */
  dot(x: X, y: X): X;
  /** Each row of `proposed` with probability min(1, exp(logRatio of the row)), else the row of `current`. */
  accept(key: Key, logRatio: X, proposed: X, current: X): X;
}

/** States that are points [count × dimensions] in float64. */
export function rowStates(dimensions: number): States<Float64Array> {
  return {
    combine(terms) {
      const sum = new Float64Array(terms[0]![1].length);
      for (const [coefficient, value] of terms) {
        for (let i = 0; i < sum.length; i++) sum[i]! += coefficient * value[i]!;
      }
      return sum;
    },
    normal: (key, x) => Float64Array.from(normalArray(key, x.length)),
    dot(x, y) {
      const products = new Float64Array(x.length / dimensions);
      for (let i = 0; i < x.length; i++) products[Math.floor(i / dimensions)]! += x[i]! * y[i]!;
      return products;
    },
    accept(key, logRatio, proposed, current) {
      const rows = logRatio.length;
      const width = current.length / rows;
      const taken = uniformArray(key, rows).map((u, row) => (Math.log(u) < logRatio[row]! ? 1 : 0));
      return current.map((value, i) => (taken[Math.floor(i / width)] ? proposed[i]! : value));
    },
  };
}
