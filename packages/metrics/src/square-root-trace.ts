import { rowProducts } from "./row-products.ts";
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
  const factors = [choleskyColumns(a, n), choleskyColumns(b, n)] as const;
  // The smaller rank leaves out the most zeros, whose roots would be the roots of rounding errors.
  const first = factors[0].rank <= factors[1].rank;
  const { columns, rank } = first ? factors[0] : factors[1];
  const image = new Float64Array(rank * n);
  rowProducts(columns, rank, first ? b : a, n, n, image);
  const product = new Float64Array(rank * rank);
  rowProducts(image, rank, columns, rank, n, product);
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
  const columns = new Float64Array((n + 3) * n);
  const left = Float64Array.from({ length: n }, (_, i) => a[i * n + i]!);
  const smallest = n * Number.EPSILON * left.reduce((most, value) => Math.max(most, value), 0);
  for (let rank = 0; rank < n; rank++) {
    let pivot = 0;
    for (let i = 1; i < n; i++) if (left[i]! > left[pivot]!) pivot = i;
    if (!(left[pivot]! > smallest)) return { columns, rank };
    const column = a.slice(pivot * n, pivot * n + n);
    // Four at a time; those beyond the rank are still zeros.
    for (let c = 0; c < rank; c += 4) {
      const [c0, c1, c2, c3] = [c * n, (c + 1) * n, (c + 2) * n, (c + 3) * n];
      const f0 = columns[c0 + pivot]!;
      const f1 = columns[c1 + pivot]!;
      const f2 = columns[c2 + pivot]!;
      const f3 = columns[c3 + pivot]!;
      for (let i = 0; i < n; i++) {
        column[i]! -=
          f0 * columns[c0 + i]! +
          f1 * columns[c1 + i]! +
          f2 * columns[c2 + i]! +
          f3 * columns[c3 + i]!;
      }
    }
    const root = Math.sqrt(left[pivot]!);
    for (let i = 0; i < n; i++) {
      // A row that has been a pivot has nothing left.
      column[i] = left[i] === 0 ? 0 : column[i]! / root;
      left[i] = Math.max(left[i]! - column[i]! ** 2, 0);
    }
    column[pivot] = root;
    columns.set(column, rank * n);
    left[pivot] = 0;
  }
  return { columns, rank: n };
}
