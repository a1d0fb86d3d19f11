/** A square or rectangular matrix as callers write it: rows of numbers. */
export type Matrix = readonly (readonly number[])[];

/**
 * The lower triangle L of A = L·Lᵀ (Cholesky).
 *
 * @param matrix [n][n], symmetric; only its lower triangle is read
 * @returns [n × n], row by row, or undefined if the matrix is not positive definite
 */
export function cholesky(matrix: Matrix): Float64Array | undefined {
  const n = matrix.length;
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i]![j]!;
      for (let k = 0; k < j; k++) rest -= lower[i * n + k]! * lower[j * n + k]!;
      if (i > j) lower[i * n + j] = rest / lower[j * n + j]!;
      // What is left of a singular matrix is rounding.
      else if (rest > n * Number.EPSILON * Math.abs(matrix[i]![i]!))
        lower[i * n + i] = Math.sqrt(rest);
      else return undefined;
    }
  }
  return lower;
}

/** Overwrites `b` with L⁻¹·b, L lower triangular [n × n], n the length of b. */
export function solveLower(lower: Float64Array, b: Float64Array): void {
  const n = b.length;
  for (let i = 0; i < n; i++) {
    let rest = b[i]!;
    for (let k = 0; k < i; k++) rest -= lower[i * n + k]! * b[k]!;
    b[i] = rest / lower[i * n + i]!;
  }
}

/** Overwrites `b` with L⁻ᵀ·b. */
export function solveLowerTransposed(lower: Float64Array, b: Float64Array): void {
  const n = b.length;
  for (let i = n - 1; i >= 0; i--) {
    let rest = b[i]!;
    for (let k = i + 1; k < n; k++) rest -= lower[k * n + i]! * b[k]!;
    b[i] = rest / lower[i * n + i]!;
  }
}

/** A·B. */
export function multiply(a: Matrix, b: Matrix): number[][] {
  const columns = b[0]?.length ?? 0;
  return a.map((row) =>
    Array.from({ length: columns }, (_, j) =>
      row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0),
    ),
  );
}

/** Aᵀ. */
export function transpose(a: Matrix): number[][] {
  return (a[0] ?? []).map((_, j) => a.map((row) => row[j]!));
}

/** The square matrix with these numbers on its diagonal. */
export function diagonal(values: readonly number[]): number[][] {
  return values.map((value, i) => values.map((_, j) => (i === j ? value : 0)));
}

/** A with its rounding made symmetric. */
export function symmetrised(a: Matrix): number[][] {
  return a.map((row, i) => row.map((value, j) => (value + a[j]![i]!) / 2));
}

/**
 * Eigenvalues, largest first, and eigenvectors of a symmetric matrix by Jacobi rotations (Golub and Van Loan, 8.5.3):
 * for small matrices.
 *
 * @param matrix [n][n], symmetric
 * @returns vectors[i] is the unit eigenvector of values[i]
 */
export function symmetricEigen(matrix: Matrix): { values: number[]; vectors: number[][] } {
  const n = matrix.length;
  const a = matrix.map((row) => [...row]);
  const vectors = diagonal(matrix.map(() => 1));
  const size = Math.sqrt(a.flat().reduce((sum, value) => sum + value * value, 0));
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++)
      for (let q = 0; q < p; q++) off = Math.max(off, Math.abs(a[p]![q]!));
    if (off <= 1e-17 * size) break;
    for (let p = 1; p < n; p++) {
      for (let q = 0; q < p; q++) if (a[p]![q] !== 0) rotate(a, vectors, p, q);
    }
  }
  const order = a.map((_, i) => i).sort((i, j) => a[j]![j]! - a[i]![i]!);
  return { values: order.map((i) => a[i]![i]!), vectors: order.map((i) => vectors[i]!) };
}

/** Makes a[p][q] zero by a rotation of rows and columns p and q; the rows of `vectors` turn along. */
function rotate(a: number[][], vectors: number[][], p: number, q: number): void {
  const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!);
  const tangent = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  const turn = (x: number[], y: number[]): void => {
    for (let k = 0; k < x.length; k++) {
      const xk = x[k]!;
      x[k] = cosine * xk - sine * y[k]!;
      y[k] = sine * xk + cosine * y[k]!;
    }
  };
  turn(a[p]!, a[q]!);
  for (const row of a) {
    const xp = row[p]!;
    row[p] = cosine * xp - sine * row[q]!;
    row[q] = sine * xp + cosine * row[q]!;
  }
  turn(vectors[p]!, vectors[q]!);
}
