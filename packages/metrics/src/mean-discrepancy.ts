import type { Rows } from "./features.ts";
import { variance } from "./interval.ts";
import type { Kernel } from "./kernel.ts";
import { eachProduct, squaredNorms } from "./row-products.ts";

export interface Discrepancy {
  /** MMD², the U-statistic: without bias, and so at times below 0. */
  readonly unbiased: number;
  /** MMD², the V-statistic: with each sample's kernel of itself, never below 0. */
  readonly biased: number;
  /** What the choice of the first, and of the second samples adds to the variance of `unbiased`: leave-one-out. */
  readonly variances: readonly [number, number];
}

/** The squared maximum mean discrepancy of two sets of at least 3 vectors (Gretton et al. 2012, eq. 3 and 5). */
export function meanDiscrepancy(a: Rows, b: Rows, kernel: Kernel): Discrepancy {
  const within = [sumsWithin(a, kernel), sumsWithin(b, kernel)] as const;
  const across = sumsAcross(a, b, kernel);
  const [n, m] = [a.count, b.count];
  const [aa, bb] = [within[0].total, within[1].total];
  const ab = across.rows.reduce((sum, value) => sum + value, 0);
  const statistic = (n1: number, m1: number, inA: number, inB: number, between: number): number =>
    inA / (n1 * (n1 - 1)) + inB / (m1 * (m1 - 1)) - (2 * between) / (n1 * m1);
  const withoutA = within[0].sums.map((sum, i) =>
    statistic(n - 1, m, aa - 2 * sum, bb, ab - across.rows[i]!),
  );
  const withoutB = within[1].sums.map((sum, j) =>
    statistic(n, m - 1, aa, bb - 2 * sum, ab - across.columns[j]!),
  );
  return {
    unbiased: statistic(n, m, aa, bb, ab),
    biased:
      (aa + within[0].diagonal) / n ** 2 + (bb + within[1].diagonal) / m ** 2 - (2 * ab) / (n * m),
    variances: [(n - 1) * variance(withoutA, 0), (m - 1) * variance(withoutB, 0)],
  };
}

function sumsWithin(
  rows: Rows,
  kernel: Kernel,
): { sums: Float64Array; total: number; diagonal: number } {
  const norms = squaredNorms(rows);
  const sums = new Float64Array(rows.count);
  let diagonal = 0;
  eachProduct(rows, rows, (i, j, product) => {
    const value = kernel.of(product, norms[i]!, norms[j]!);
    if (i === j) diagonal += value;
    else sums[i]! += value;
  });
  return { sums, total: sums.reduce((sum, value) => sum + value, 0), diagonal };
}

function sumsAcross(
  a: Rows,
  b: Rows,
  kernel: Kernel,
): { rows: Float64Array; columns: Float64Array } {
  const [normsA, normsB] = [squaredNorms(a), squaredNorms(b)];
  const rows = new Float64Array(a.count);
  const columns = new Float64Array(b.count);
  eachProduct(a, b, (i, j, product) => {
    const value = kernel.of(product, normsA[i]!, normsB[j]!);
    rows[i]! += value;
    columns[j]! += value;
  });
  return { rows, columns };
}
