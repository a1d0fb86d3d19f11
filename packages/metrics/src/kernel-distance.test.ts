import { foldIn, key, normalArray } from "@gen/random";
import { expect, test } from "vitest";
import { generated, real, reference } from "../test/reference.ts";
import {
  cmmd,
  type Features,
  gaussianKernel,
  kernelDistance,
  mmd,
  polynomialKernel,
} from "./index.ts";

const cubic = polynomialKernel({ degree: 3, gamma: 1 / reference.dims, coef0: 1 });

test("MMD with both kernels, biased and not, and its leave-one-out error are scikit-learn's", () => {
  for (const [kernel, expected] of [
    [cubic, reference.polynomial],
    [gaussianKernel(1.5), reference.gaussian],
  ] as const) {
    const report = mmd(generated, real, kernel);
    for (const name of ["squared", "biased", "standardError"] as const)
      expect(report[name] / expected[name]).toBeCloseTo(1, 10);
  }
});

test("CMMD is 1000 times the biased MMD of unit features, by scikit-learn", () => {
  expect(cmmd(generated, real).distance / reference.cmmd).toBeCloseTo(1, 9);
  expect(() => cmmd({ values: new Float32Array(18), dims: 6 }, real)).toThrow(
    "cmmd: features must have a length, got only zeros in vector 0",
  );
});

test("a kernel distance whose subsets are everything is the unbiased MMD, by scikit-learn", () => {
  const some = { ...real, values: (real.values as number[]).slice(0, 60 * 6) };
  const report = kernelDistance(generated, some, { key: key(7), subsets: 3, subsetSize: 60 });
  expect(report.distance / reference.kernelDistance).toBeCloseTo(1, 11);
  expect(report.deviation).toBeLessThan(1e-12);
  expect(report.protocol).toContain("3 subsets of 60");
});

const line = (run: number, count: number, shift: number): Features => ({
  values: normalArray(foldIn(key(8), run), count).map((value) => value + shift),
  dims: 1,
});
/** E k(x, y) of N(a, 1) and N(b, 1) for the kernel (x·y + 1)³, by their moments. */
const expected = (a: number, b: number): number =>
  (a ** 3 + 3 * a) * (b ** 3 + 3 * b) + 3 * (a * a + 1) * (b * b + 1) + 3 * a * b + 1;
const exact = expected(0, 0) + expected(0.5, 0.5) - 2 * expected(0, 0.5);

test("it has no bias whatever the number of samples, and its intervals hold the exact value", () => {
  let held = 0;
  let sum = 0;
  const runs = 100;
  for (let run = 0; run < runs; run++) {
    const { distance, interval } = kernelDistance(
      line(2 * run, 150, 0.5),
      line(2 * run + 1, 400, 0),
      {
        key: key(run),
        subsets: 12,
        subsetSize: 40,
      },
    );
    sum += distance / runs;
    if (interval.low <= exact && exact <= interval.high) held++;
  }
  expect(exact).toBe(3.578125);
  expect(Math.abs(sum / exact - 1)).toBeLessThan(0.1);
  expect(held).toBeGreaterThanOrEqual(86);
});

test("subsets larger than a side, and settings that cannot be, are refused in one sentence", () => {
  expect(() => kernelDistance(generated, real, { key: key(0) })).toThrow(
    "kernelDistance: subsets of 1000 need as many samples on each side, got 60 generated and 80 real; " +
      "add samples or lower subsetSize",
  );
  expect(() => kernelDistance(generated, real, { key: key(0), subsets: 0 })).toThrow(
    "subsets must be an integer of at least 1",
  );
  expect(() => polynomialKernel({ degree: 0.5, gamma: 1, coef0: 1 })).toThrow(
    "degree must be a positive integer",
  );
  expect(() => gaussianKernel(0)).toThrow("sigma must be positive and finite, got 0");
});
