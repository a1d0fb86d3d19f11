import type { Rows } from "./features.ts";
import { eachProduct, squaredNorms } from "./row-products.ts";

/** Both sets moved so that the mean of the second is 0: distances stay, and their digits do not cancel. */
export function centred(a: Rows, b: Rows): [Rows, Rows] {
  const { dims, count } = b;
  const centre = new Float64Array(dims);
  for (let at = 0; at < b.values.length; at++) centre[at % dims]! += b.values[at]! / count;
  const move = (rows: Rows): Rows => ({
    ...rows,
    values: rows.values.map((value, at) => value - centre[at % dims]!),
  });
  return [move(a), move(b)];
}

/** Visits every pair of rows with its squared Euclidean distance; equal rows are at exactly 0. */
export function eachSquaredDistance(
  a: Rows,
  b: Rows,
  visit: (i: number, j: number, squared: number) => void,
): void {
  const aa = squaredNorms(a);
  const bb = a === b ? aa : squaredNorms(b);
  eachProduct(a, b, (i, j, dot) => visit(i, j, Math.max(0, aa[i]! + bb[j]! - 2 * dot)));
}

/** The k smallest of each row's numbers, and what they belong to, in rising order. */
export class Smallest {
  readonly k: number;
  /** [rows × k]. */
  readonly numbers: Float64Array;
  /** [rows × k]; -1 where there were fewer. */
  readonly owners: Int32Array;

  constructor(rows: number, k: number) {
    this.k = k;
    this.numbers = new Float64Array(rows * k).fill(Infinity);
    this.owners = new Int32Array(rows * k).fill(-1);
  }

  offer(row: number, number: number, owner: number): void {
    const { k, numbers, owners } = this;
    const first = row * k;
    let at = first + k - 1;
    if (!(number < numbers[at]!)) return;
    for (; at > first && number < numbers[at - 1]!; at--) {
      numbers[at] = numbers[at - 1]!;
      owners[at] = owners[at - 1]!;
    }
    numbers[at] = number;
    owners[at] = owner;
  }
}

/** The squared distance of each row to its k-th nearest other row. */
export function neighbourRadii(rows: Rows, k: number): Float64Array {
  const nearest = new Smallest(rows.count, k);
  eachSquaredDistance(rows, rows, (i, j, squared) => {
    if (i !== j) nearest.offer(i, squared, j);
  });
  return Float64Array.from({ length: rows.count }, (_, i) => nearest.numbers[i * k + k - 1]!);
}
