import { key, normalArray } from "@gen/random";
import { expectClose } from "@gen/testing";
import { expect, test } from "vitest";
import type { Rows } from "./features.ts";
import { eachSquaredDistance, neighbourRadii } from "./nearest.ts";
import { eachProduct, rowProducts, squaredNorms } from "./row-products.ts";

const rows = (seed: number, count: number, dims: number): Rows => ({
  values: Float64Array.from(normalArray(key(seed), count * dims)),
  count,
  dims,
});

test("products of rows are the sums by definition, whatever is left over at the edges", () => {
  for (const [n, m, dims] of [
    [1, 1, 1],
    [2, 4, 3],
    [3, 5, 2],
    [5, 3, 7],
    [7, 9, 4],
  ] as const) {
    const [a, b] = [rows(n, n, dims), rows(m + 10, m, dims)];
    const out = new Float64Array(n * m);
    rowProducts(a.values, n, b.values, m, dims, out);
    const exact = Array.from({ length: n * m }, (_, at) => {
      const [i, j] = [Math.floor(at / m), at % m];
      let sum = 0;
      for (let e = 0; e < dims; e++) sum += a.values[i * dims + e]! * b.values[j * dims + e]!;
      return sum;
    });
    expect([...out]).toEqual(exact);
  }
});

test("every pair is visited once, over several blocks", () => {
  const [a, b] = [rows(1, 300, 2), rows(2, 517, 2)];
  const seen = new Uint8Array(300 * 517);
  eachProduct(a, b, (i, j) => seen[i * 517 + j]!++);
  expect(seen.every((times) => times === 1)).toBe(true);
});

test("pairs within one set are visited once in each order, with the same products as in two sets", () => {
  const a = rows(4, 300, 3);
  const found = new Float64Array(300 * 300);
  const seen = new Uint8Array(300 * 300);
  eachProduct(a, a, (i, j, product) => {
    found[i * 300 + j] = product;
    seen[i * 300 + j]!++;
  });
  expect(seen.every((times) => times === 1)).toBe(true);
  eachProduct(a, { ...a }, (i, j, product) => expect(found[i * 300 + j]).toBe(product));
});

test("equal rows are at distance exactly 0, wherever they stand", () => {
  const one = rows(3, 1, 13).values;
  const same: Rows = {
    values: Float64Array.from({ length: 11 * 13 }, (_, at) => one[at % 13]! * 1e3),
    count: 11,
    dims: 13,
  };
  eachSquaredDistance(same, same, (_, __, squared) => expect(squared).toBe(0));
  expect(squaredNorms(same).every((norm) => norm === squaredNorms(same)[0])).toBe(true);
});

test("radii reach to the k-th nearest other row", () => {
  const line: Rows = { values: Float64Array.of(0, 1, 3, 7, 7), count: 5, dims: 1 };
  expectClose(neighbourRadii(line, 1), [1, 1, 4, 0, 0], 1e-15);
  expectClose(neighbourRadii(line, 2), [9, 4, 9, 16, 16], 1e-15);
});
