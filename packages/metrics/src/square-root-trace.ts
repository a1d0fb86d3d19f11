import { symmetricEigenvalues } from "./symmetric-eigenvalues.ts";

/**
 * tr (A·B)^½ of two covariance matrices, in float64. With a pivoted Cholesky factor A = L·Lᵀ the eigenvalues of A·B
 * are those of the symmetric Lᵀ·B·L, so nothing complex can appear, and singular matrices (fewer samples than
 * dimensions) need no offset on the diagonal.
 *
 * @param a [n × n], symmetric and positive semi-definite
 * @param b [n × n], likewise
 */
export function squareRootTrace(a: Float64Array, b: Float64Array, n: number): number {
  const { columns, rank } = choleskyColumns(a, n);
  const image = new Float64Array(rank * n);
  for (let c = 0; c < rank; c++) {
    for (let i = 0; i < n; i++) {
      const factor = columns[c * n + i]!;
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) image[c * n + j]! += factor * b[i * n + j]!;
    }
  }
  const product = new Float64Array(rank * rank);
  for (let c = 0; c < rank; c++) {
    for (let d = 0; d <= c; d++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += image[c * n + i]! * columns[d * n + i]!;
      product[c * rank + d] = sum;
    }
  }
  return symmetricEigenvalues(product, rank).reduce(
    (sum, value) => sum + Math.sqrt(Math.max(value, 0)),
    0,
  );
}

/**
 * The columns of L in A = L·Lᵀ, one after another, largest pivot first, until what is left is rounding (Higham 1990,
 * «Analysis of the Cholesky decomposition of a semi-definite matrix»). Rows keep their places.
 */
function choleskyColumns(a: Float64Array, n: number): { columns: Float64Array; rank: number } {
  const columns = new Float64Array(n * n);
  const left = Float64Array.from({ length: n }, (_, i) => a[i * n + i]!);
  const smallest = n * Number.EPSILON * left.reduce((most, value) => Math.max(most, value), 0);
  for (let rank = 0; rank < n; rank++) {
    let pivot = 0;
    for (let i = 1; i < n; i++) if (left[i]! > left[pivot]!) pivot = i;
    if (!(left[pivot]! > smallest)) return { columns, rank };
    const column = columns.subarray(rank * n, rank * n + n);
    column.set(a.subarray(pivot * n, pivot * n + n));
    for (let c = 0; c < rank; c++) {
      const factor = columns[c * n + pivot]!;
      if (factor === 0) continue;
      for (let i = 0; i < n; i++) column[i]! -= factor * columns[c * n + i]!;
    }
    const root = Math.sqrt(left[pivot]!);
    for (let i = 0; i < n; i++) {
      // A row that has been a pivot has nothing left.
      column[i] = left[i] === 0 ? 0 : column[i]! / root;
      left[i] = Math.max(left[i]! - column[i]! ** 2, 0);
    }
    column[pivot] = root;
    left[pivot] = 0;
  }
  return { columns, rank: n };
}
