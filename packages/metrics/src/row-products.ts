import type { Rows } from "./features.ts";

/**
 * All products of rows, out[i, j] = aᵢ·bⱼ. Eight sums at a time stay in registers, three times as fast as one. Each
 * sum is taken in the order of the places, so that equal rows have bitwise the product that they have with themselves.
 *
 * @param a [n × dims]
 * @param b [m × dims]
 * @param out [n × m]
 */
export function rowProducts(
  a: Float64Array,
  n: number,
  b: Float64Array,
  m: number,
  dims: number,
  out: Float64Array,
): void {
  const evenRows = n - (n % 2);
  const evenColumns = m - (m % 4);
  for (let i = 0; i < evenRows; i += 2) {
    const a0 = i * dims;
    const a1 = a0 + dims;
    for (let j = 0; j < evenColumns; j += 4) {
      const b0 = j * dims;
      const b1 = b0 + dims;
      const b2 = b1 + dims;
      const b3 = b2 + dims;
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      for (let e = 0; e < dims; e++) {
        const x0 = a[a0 + e]!;
        const x1 = a[a1 + e]!;
        const y0 = b[b0 + e]!;
        const y1 = b[b1 + e]!;
        const y2 = b[b2 + e]!;
        const y3 = b[b3 + e]!;
        s00 += x0 * y0;
        s01 += x0 * y1;
        s02 += x0 * y2;
        s03 += x0 * y3;
        s10 += x1 * y0;
        s11 += x1 * y1;
        s12 += x1 * y2;
        s13 += x1 * y3;
      }
      const o0 = i * m + j;
      const o1 = o0 + m;
      out[o0] = s00;
      out[o0 + 1] = s01;
      out[o0 + 2] = s02;
      out[o0 + 3] = s03;
      out[o1] = s10;
      out[o1 + 1] = s11;
      out[o1 + 2] = s12;
      out[o1 + 3] = s13;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = i < evenRows ? evenColumns : 0; j < m; j++) {
      out[i * m + j] = product(a, i * dims, b, j * dims, dims);
    }
  }
}

function product(a: Float64Array, i: number, b: Float64Array, j: number, dims: number): number {
  let sum = 0;
  for (let e = 0; e < dims; e++) sum += a[i + e]! * b[j + e]!;
  return sum;
}

/** aᵢ·aᵢ of every row. */
export function squaredNorms({ values, count, dims }: Rows): Float64Array {
  return Float64Array.from({ length: count }, (_, i) =>
    product(values, i * dims, values, i * dims, dims),
  );
}

const BLOCK = 256;

/**
 * Visits every pair of rows with its product, block by block, in memory that does not grow with the counts. The products
 * of a set with itself are taken once for both orders.
 */
export function eachProduct(
  a: Rows,
  b: Rows,
  visit: (i: number, j: number, product: number) => void,
): void {
  const { dims } = a;
  const own = a === b;
  const tile = new Float64Array(BLOCK * BLOCK);
  for (let i0 = 0; i0 < a.count; i0 += BLOCK) {
    const n = Math.min(BLOCK, a.count - i0);
    const some = a.values.subarray(i0 * dims, (i0 + n) * dims);
    for (let j0 = own ? i0 : 0; j0 < b.count; j0 += BLOCK) {
      const m = Math.min(BLOCK, b.count - j0);
      rowProducts(some, n, b.values.subarray(j0 * dims, (j0 + m) * dims), m, dims, tile);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < m; j++) {
          visit(i0 + i, j0 + j, tile[i * m + j]!);
          if (own && j0 > i0) visit(j0 + j, i0 + i, tile[i * m + j]!);
        }
      }
    }
  }
}
