import { expect, test } from "vitest";
import { reference } from "../test/reference.ts";
import { featureStatistics } from "./index.ts";
import { squareRootTrace } from "./square-root-trace.ts";

const { dims, few, many, trace } = reference.wide;
const covariance = (values: number[]): Float64Array =>
  featureStatistics({ values, dims }).covariance;

test("singular and near-singular covariances: the sum of singular values of the sets' product, either way round", () => {
  // 24 samples in 40 dimensions against 200, whose eigenvalues go from 1 to 1e-8.
  for (const [a, b] of [
    [few, many],
    [many, few],
  ] as const)
    expect(squareRootTrace(covariance(a), covariance(b), dims) / trace).toBeCloseTo(1, 9);
});

test("a covariance with itself gives its trace, down to eigenvalues of 1e-8 of the largest", () => {
  for (const values of [few, many]) {
    const one = covariance(values);
    const own = Array.from({ length: dims }, (_, i) => one[i * dims + i]!);
    const sum = own.reduce((total, value) => total + value, 0);
    expect(Math.abs(squareRootTrace(one, one, dims) / sum - 1)).toBeLessThan(1e-8);
  }
});

test("nothing varies on one side: 0", () => {
  expect(squareRootTrace(new Float64Array(dims * dims), covariance(many), dims)).toBe(0);
});
