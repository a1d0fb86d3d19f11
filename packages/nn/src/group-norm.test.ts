import { expectClose } from "@gen/testing";
import { dispose, key, normalArray, tensor, useBackend } from "@gen/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { defaultGroups, GroupNorm } from "./group-norm.ts";

beforeAll(async () => {
  await useBackend();
});

/** The mean and the deviation of all, in float64. */
function normalised(x: Float32Array, epsilon: number): Float64Array {
  const numbers = Float64Array.from(x);
  const mean = numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
  const variance = numbers.reduce((sum, n) => sum + (n - mean) ** 2, 0) / numbers.length;
  return numbers.map((n) => (n - mean) / Math.sqrt(variance + epsilon));
}

describe("GroupNorm", () => {
  test.each([
    [1, 2e-6],
    [10, 1e-5],
    [100, 1e-3],
    [1000, 0.05],
  ])("keeps the precision it states where the mean is %d deviations", async (mean, tolerance) => {
    const data = normalArray(key(5), 8 * 8 * 4).map((n) => n + mean);
    const x = tensor(data, [1, 8, 8, 4]);
    const norm = new GroupNorm(1, 4, { affine: false });
    const y = norm.forward(x);
    expectClose(await y.data(), normalised(data, 1e-5), tolerance);
    dispose([x, y]);
  });

  test("stays finite and small where all pixels are equal", async () => {
    const x = tensor(new Float32Array(64).fill(300.1), [1, 4, 4, 4]);
    const norm = new GroupNorm(2, 4, { affine: false });
    const y = norm.forward(x);
    for (const n of await y.data()) expect(Math.abs(n)).toBeLessThan(0.05);
    dispose([x, y]);
  });

  test("says which groups and which shapes it takes", () => {
    expect(() => new GroupNorm(3, 8)).toThrow(
      "GroupNorm: groups must divide the 8 channels, got 3.",
    );
    const norm = new GroupNorm(2, 4, { affine: false });
    const x = tensor(new Float32Array(6), [1, 1, 2, 3]);
    expect(() => norm.forward(x)).toThrow(
      "GroupNorm.forward: x must be [batch, height, width, channels] with 4 at the end, got [1, 1, 2, 3].",
    );
    dispose(x);
  });

  test("has ADM's 32 groups by default from 128 channels on", () => {
    expect([3, 32, 64, 128, 512].map(defaultGroups)).toEqual([1, 8, 16, 32, 32]);
  });
});
