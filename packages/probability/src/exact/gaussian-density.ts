import { normalArray, type Key } from "@gen/random";
import {
  countRows,
  type Denoisable,
  type Denoised,
  type ExactDensity,
  type ExactSamples,
  type Noisable,
  type Points,
} from "./density.ts";
import {
  cholesky,
  diagonal,
  multiply,
  solveLower,
  solveLowerTransposed,
  symmetrised,
  transpose,
  type Matrix,
} from "./linear-algebra.ts";

/** A density that stays of its kind under everything that is linear: Gaussians and their mixtures. */
export interface LinearDensity<Self> extends ExactDensity, ExactSamples, Noisable, Denoisable {
  /** The law of some of the coordinates, in this order. */
  marginal(axes: readonly number[]): Self;
  /** The law of the other coordinates, given the values of some. */
  conditional(axes: readonly number[], values: readonly number[]): Self;
  /** The law of A·x + c + n, with n ~ N(0, noise) independent of x. */
  affine(matrix: Matrix, offset?: readonly number[], noise?: Matrix): Self;
  noised(a: number, b: number): Self & ExactDensity;
}

/** A multivariate normal distribution. */
export interface GaussianDensity extends LinearDensity<GaussianDensity> {
  readonly mean: readonly number[];
  readonly covariance: Matrix;
}

/**
 * The normal distribution N(mean, covariance), exactly, in float64, with marginals, conditionals and affine images
 * (Bishop 2006, section 2.3).
 *
 * @param mean [dimensions]
 * @param covariance a matrix, or the variances on its diagonal, or one variance σ² for σ²·I (not a standard deviation)
 * @throws if the covariance is not symmetric and positive definite, or anything is not finite
 */
export function gaussianDensity(
  mean: readonly number[],
  covariance: number | readonly number[] | Matrix,
): GaussianDensity {
  const n = mean.length;
  if (n < 1 || !mean.every(Number.isFinite)) {
    throw new Error(
      `gaussianDensity: mean must be one or more finite numbers, got [${mean.join(", ")}]`,
    );
  }
  const matrix = fullMatrix(covariance, n);
  const lower = cholesky(matrix);
  if (!lower) {
    throw new Error(
      `gaussianDensity: covariance must be positive definite, got ${JSON.stringify(covariance)}; ` +
        "check that it holds variances, or add a small number to its diagonal",
    );
  }
  let logNormaliser = (n / 2) * Math.log(2 * Math.PI);
  for (let i = 0; i < n; i++) logNormaliser += Math.log(lower[i * n + i]!);

  /** Calls `visit` with L⁻¹(x - mean) of each point, in one array that is overwritten. */
  function whitened(
    caller: string,
    points: Points,
    visit: (row: Float64Array, index: number) => void,
  ): number {
    const count = countRows(caller, points, n);
    const row = new Float64Array(n);
    for (let index = 0; index < count; index++) {
      for (let i = 0; i < n; i++) row[i] = points[index * n + i]! - mean[i]!;
      solveLower(lower!, row);
      visit(row, index);
    }
    return count;
  }

  const self: GaussianDensity = {
    dimensions: n,
    mean: Object.freeze([...mean]),
    covariance: matrix,
    logDensity(points) {
      const logs = new Float64Array(points.length / n);
      whitened("logDensity", points, (row, index) => {
        logs[index] = -row.reduce((sum, value) => sum + value * value, 0) / 2 - logNormaliser;
      });
      return logs;
    },
    score(points) {
      const scores = new Float64Array(points.length);
      whitened("score", points, (row, index) => {
        solveLowerTransposed(lower, row);
        for (let i = 0; i < n; i++) scores[index * n + i] = -row[i]!;
      });
      return scores;
    },
    sample(key: Key, count: number) {
      const noise = normalArray(key, count * n);
      const points = new Float64Array(count * n);
      for (let index = 0; index < count; index++) {
        for (let i = 0; i < n; i++) {
          let value = mean[i]!;
          for (let k = 0; k <= i; k++) value += lower[i * n + k]! * noise[index * n + k]!;
          points[index * n + i] = value;
        }
      }
      return points;
    },
    marginal(axes) {
      checkAxes("marginal", axes, n);
      return gaussianDensity(pick(mean, axes), block(matrix, axes, axes));
    },
    conditional(axes, values) {
      checkAxes("conditional", axes, n);
      if (axes.length !== values.length || axes.length === n) {
        throw new Error(
          `conditional: axes and values must be equally many and fewer than ${n}, got ${axes.length} and ${values.length}`,
        );
      }
      const rest = mean.map((_, i) => i).filter((i) => !axes.includes(i));
      const known = cholesky(block(matrix, axes, axes))!;
      // With Σss = K·Kᵀ: W = K⁻¹·Σsr and w = K⁻¹·(values - mean_s).
      const solve = (b: readonly number[]): number[] => {
        const solved = Float64Array.from(b);
        solveLower(known, solved);
        return [...solved];
      };
      const w = solve(values.map((value, i) => value - mean[axes[i]!]!));
      const columns = rest.map((i) => solve(axes.map((j) => matrix[j]![i]!)));
      return gaussianDensity(
        rest.map((i, r) => mean[i]! + dot(columns[r]!, w)),
        rest.map((i, r) => rest.map((j, c) => matrix[i]![j]! - dot(columns[r]!, columns[c]!))),
      );
    },
    affine(a, offset = a.map(() => 0), noise = diagonal(a.map(() => 0))) {
      const rows = a.length;
      const fits =
        rows > 0 &&
        a.every((row) => row.length === n) &&
        offset.length === rows &&
        noise.length === rows &&
        noise.every((row) => row.length === rows);
      if (!fits) {
        throw new Error(
          `affine: matrix must have rows of ${n} numbers, offset and noise as many rows as it, ` +
            `got ${rows} rows of ${a[0]?.length ?? 0}, ${offset.length} and ${noise.length}`,
        );
      }
      const image = multiply(multiply(a, matrix), transpose(a));
      return gaussianDensity(
        a.map((row, i) => dot(row, mean) + offset[i]!),
        symmetrised(image.map((row, i) => row.map((value, j) => value + noise[i]![j]!))),
      );
    },
    noised(a, b) {
      return gaussianDensity(
        mean.map((value) => a * value),
        matrix.map((row, i) => row.map((value, j) => a * a * value + (i === j ? b * b : 0))),
      );
    },
    denoise(points, a, b): Denoised {
      // E[x | y] = m + a·Σ·S⁻¹(y - a·m) and E[z | y] = b·S⁻¹(y - a·m), S = a²Σ + b²I.
      const pull = self.noised(a, b).score(points);
      const data = new Float64Array(points.length);
      for (let at = 0; at < data.length; at += n) {
        for (let i = 0; i < n; i++) {
          let value = mean[i]!;
          for (let k = 0; k < n; k++) value -= a * matrix[i]![k]! * pull[at + k]!;
          data[at + i] = value;
        }
      }
      return { data, noise: pull.map((value) => (value === 0 ? 0 : -b * value)) };
    },
  };
  return self;
}

function fullMatrix(covariance: number | readonly number[] | Matrix, n: number): number[][] {
  const given =
    typeof covariance === "number" ? Array.from({ length: n }, () => covariance) : covariance;
  const isMatrix = Array.isArray(given[0]);
  const matrix = isMatrix ? (given as Matrix) : diagonal(given as readonly number[]);
  const square = matrix.length === n && matrix.every((row) => row.length === n);
  if (!square || !matrix.every((row) => row.every(Number.isFinite))) {
    throw new Error(
      `gaussianDensity: covariance must be finite and fit a mean of ${n} numbers, got ${JSON.stringify(covariance)}`,
    );
  }
  matrix.forEach((row, i) =>
    row.forEach((value, j) => {
      const other = matrix[j]![i]!;
      if (Math.abs(value - other) > 1e-9 * (Math.abs(value) + Math.abs(other))) {
        throw new Error(
          `gaussianDensity: covariance must be symmetric, got ${value} at [${i}][${j}] and ${other} at [${j}][${i}]`,
        );
      }
    }),
  );
  return symmetrised(matrix);
}

function checkAxes(caller: string, axes: readonly number[], n: number): void {
  const right = axes.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < n);
  if (axes.length === 0 || !right || new Set(axes).size !== axes.length) {
    throw new Error(
      `${caller}: axes must be different whole numbers in [0, ${n}), at least one, got [${axes.join(", ")}]`,
    );
  }
}

function pick(values: readonly number[], axes: readonly number[]): number[] {
  return axes.map((axis) => values[axis]!);
}

function block(matrix: Matrix, rows: readonly number[], columns: readonly number[]): number[][] {
  return rows.map((row) => pick(matrix[row]!, columns));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
