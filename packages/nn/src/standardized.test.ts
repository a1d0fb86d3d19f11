import { expectClose } from "@gen/testing";
import { grad, mul, square, sum, tensor, type Tensor, useBackend } from "@gen/tensor";
import { describe, test } from "vitest";
import { affineStandardized, standardized } from "./standardized.ts";

const values = [0.5, -1.5, 2, 0.25, 1, -0.75];

/** In float64. */
function expected(x: readonly number[], epsilon: number): number[] {
  const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
  const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
  return x.map((v) => (v - mean) / Math.sqrt(variance + epsilon));
}

describe.each(["onnx", "cpu"] as const)("on %s", (backend) => {
  test("far from 0 nothing is lost that the numbers themselves have", async () => {
    await useBackend(backend);
    const far = values.map((v) => v + 4096); // v has eight binary digits: the sum is exact
    const y = standardized(tensor([far]), 1e-5);
    expectClose(await y.data(), expected(values, 1e-5), 1e-6);
  });

  test("first and second derivatives are those of differences", async () => {
    await useBackend(backend);
    const direction = [0.3, -0.2, 0.9, 0.1, -0.4, 0.7];
    const weight = [1, 0.5, -2, 1.5, 1, 2];
    const loss = (x: readonly number[]): number =>
      expected(x, 1e-2).reduce((sum, y, i) => sum + direction[i]! * (weight[i]! * y) ** 2, 0);
    const slope = (x: readonly number[], i: number, h = 1e-4): number => {
      const moved = (by: number): number[] => x.map((v, k) => (k === i ? v + by : v));
      return (loss(moved(h)) - loss(moved(-h))) / (2 * h);
    };
    const bias = tensor([0, 0, 0, 0, 0, 0]);
    const f = (x: Tensor): Tensor =>
      sum(mul(square(affineStandardized(x, tensor(weight), bias, 1e-2)), tensor([direction])));
    const first = grad(f);
    expectClose(
      await first(tensor([values])).data(),
      values.map((_, i) => slope(values, i)),
      1e-4,
    );
    const along = grad((x: Tensor) => sum(mul(first(x), tensor([direction]))));
    const h = 1e-3;
    const along64 = values.map((_, i) => {
      const moved = values.map((v, k) => v + h * direction[k]!);
      const back = values.map((v, k) => v - h * direction[k]!);
      return (slope(moved, i) - slope(back, i)) / (2 * h);
    });
    expectClose(await along(tensor([values])).data(), along64, 1e-3);
  });
});
