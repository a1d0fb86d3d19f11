import { expect, test } from "vitest";
import { expectClose } from "@gen/testing";
import { symmetricEigenvalues } from "./symmetric-eigenvalues.ts";

test("the second-difference matrix has the eigenvalues 2 - 2cos(kπ/(n+1))", () => {
  for (const n of [1, 2, 3, 10, 101]) {
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      matrix[i * n + i] = 2;
      if (i > 0) matrix[i * n + i - 1] = matrix[(i - 1) * n + i] = -1;
    }
    const exact = Array.from(
      { length: n },
      (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)),
    );
    expectClose(symmetricEigenvalues(matrix, n), exact, 1e-14, `n=${n}`);
  }
});

test("a dense matrix with a known spectrum: min(i, j) is the inverse of a tridiagonal one", () => {
  const n = 64;
  const matrix = Float64Array.from(
    { length: n * n },
    (_, at) => 1 + Math.min(Math.floor(at / n), at % n),
  );
  const exact = Array.from(
    { length: n },
    (_, k) => 1 / (4 * Math.sin(((2 * k + 1) * Math.PI) / (4 * n + 2)) ** 2),
  ).sort((x, y) => x - y);
  expectClose(symmetricEigenvalues(matrix, n), exact, 1e-14);
});

test("diagonal, zero and repeated eigenvalues come out as they are", () => {
  expect([...symmetricEigenvalues(new Float64Array(9), 3)]).toEqual([0, 0, 0]);
  expect([...symmetricEigenvalues(Float64Array.of(3, 0, 0, 0, -1, 0, 0, 0, 3), 3)]).toEqual([
    -1, 3, 3,
  ]);
  expectClose(symmetricEigenvalues(new Float64Array(25).fill(1), 5), [0, 0, 0, 0, 5], 1e-15);
});
