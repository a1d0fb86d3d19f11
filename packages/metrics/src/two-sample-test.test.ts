import { foldIn, key, normalArray } from "@gen/random";
import { expect, test } from "vitest";
import { generated, real, reference } from "../test/reference.ts";
import { rowsOf } from "./features.ts";
import { classifierTwoSampleTest, type Features } from "./index.ts";
import { coinTail, rightVotes } from "./two-sample-test.ts";

const cloud = (run: number, count: number, shift: number): Features => ({
  values: normalArray(foldIn(key(1), run), count * 2).map((value) => value + shift),
  dims: 2,
});

test("votes of the nearest are scikit-learn's", () => {
  const { k, half, right } = reference.votes;
  const values = (from: number): number[] => [
    ...reference.generated.slice(from * 6, (from + half) * 6),
    ...reference.real.slice(from * 6, (from + half) * 6),
  ];
  const rows = (from: number) => rowsOf("test", "x", { values: values(from), dims: 6 }, 1);
  expect(rightVotes(rows(0), rows(half), half, k)).toEqual(right);
});

test("p-values are SciPy's binomial tails, small ones too", () => {
  for (const [tosses, heads, tail] of reference.coin)
    expect(coinTail(heads, tosses) / tail).toBeCloseTo(1, 9);
  expect(coinTail(0, 10)).toBe(1);
  expect(coinTail(10, 10)).toBe(2 ** -10);
});

test("equal distributions: accuracies around one half, and p-values below 0.1 in at most a tenth of the runs", () => {
  const runs = 100;
  let accuracy = 0;
  let small = 0;
  for (let run = 0; run < runs; run++) {
    const report = classifierTwoSampleTest(cloud(2 * run, 100, 0), cloud(2 * run + 1, 130, 0), {
      key: key(run),
    });
    accuracy += report.accuracy / runs;
    if (report.pValue < 0.1) small++;
  }
  expect(accuracy).toBeCloseTo(0.5, 1);
  // Three standard deviations of a binomial count are 9.
  expect(small).toBeLessThanOrEqual(19);
  expect(small).toBeGreaterThan(0);
});

test("a shift by one standard deviation is found, and disjoint sets are told apart always", () => {
  const shifted = classifierTwoSampleTest(cloud(0, 200, 1), cloud(1, 200, 0), { key: key(2) });
  // The best classifier is right for Φ(√2/2) = 76 %.
  expect(shifted.accuracy).toBeGreaterThan(0.65);
  expect(shifted.accuracy).toBeLessThan(0.85);
  expect(shifted.pValue).toBeLessThan(1e-6);
  expect(shifted.interval.low).toBeGreaterThan(0.5);
  const apart = classifierTwoSampleTest(cloud(0, 60, 50), cloud(1, 60, 0), { key: key(2) });
  expect(apart).toMatchObject({ accuracy: 1, k: 7, tested: 60 });
  expect(apart.pValue * 2 ** 60).toBeCloseTo(1, 10);
});

test("a copy of the real samples with a little noise is told wrongly: both accuracies are below one half", () => {
  const set = cloud(5, 200, 0);
  const noise = normalArray(key(9), 400);
  const copy = { ...set, values: Array.from(set.values, (value, at) => value + 1e-4 * noise[at]!) };
  const report = classifierTwoSampleTest(copy, set, { key: key(3), k: 1 });
  expect(report.accuracy).toBe((report.generatedAccuracy + report.realAccuracy) / 2);
  expect(report.accuracy).toBeLessThan(0.5);
  expect(report.pValue).toBeGreaterThan(0.5);
});

test("an even vote, or one of more than there are, is refused in one sentence", () => {
  for (const k of [2, 61])
    expect(() => classifierTwoSampleTest(generated, real, { key: key(0), k })).toThrow(
      `classifierTwoSampleTest: k must be odd and at most the 60 training samples, got ${k}`,
    );
});
