import { add, key, memory, mul, normal, tensor, useBackend } from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { interpolate, mutualInformationGap, traverse } from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

test("a traversal changes one number and no other", () => {
  const z = tensor([1, 2, 3]);
  const before = memory().numTensors;
  const rows = traverse(z, 1, [-5, 0, 7]);
  expect(memory().numTensors).toBe(before + 1);
  expect(rows.arraySync()).toEqual([
    [1, -5, 3],
    [1, 0, 3],
    [1, 7, 3],
  ]);
  expect(() => traverse(z, 3, [0])).toThrow(
    "traverse: z must be [latents] and dimension one of its numbers, got [3] and 3",
  );
});

test("an interpolation goes from one latent to the other in even steps, or by the way that is given", () => {
  const [from, to] = [normal(key(1), [2, 2]), normal(key(2), [2, 2])];
  const before = memory().numTensors;
  const path = interpolate(from, to, 5);
  expect(memory().numTensors).toBe(before + 1);
  const rows = path.arraySync() as number[][][];
  expectClose(rows[0]!.flat(), from.dataSync());
  expectClose(rows[4]!.flat(), to.dataSync());
  expectClose(rows[1]!.flat(), add(mul(from, 0.75), mul(to, 0.25)).dataSync());
  const other = interpolate(from, to, 3, (a, _b, share) => mul(a, share));
  expectClose((other.arraySync() as number[][][])[1]!.flat(), mul(from, 0.5).dataSync());
  expect(() => interpolate(from, tensor([1]), 3)).toThrow(
    "interpolate: from and to must have one shape, got [2, 2] and [1]",
  );
  expect(() => interpolate(from, to, 1)).toThrow("count must be a whole number of 2 or more");
});

describe("the mutual information gap", () => {
  // All pairs of a factor of four values and one of two.
  const factors = Array.from({ length: 8 }, (_, i) => [i % 4, i >> 2] as const);
  const gap = (latents: (a: number, b: number) => number[]): number =>
    mutualInformationGap({
      latents: factors.flatMap(([a, b]) => latents(a, b)),
      factors: factors.flat(),
      examples: 8,
    });

  test("is 1 where each factor has a latent of its own", () => {
    expect(gap((a, b) => [-3 * a, 10 * b])).toBeCloseTo(1, 10);
  });
  test("is 0 where two latents know the same", () => {
    expect(gap((a, b) => [a, b, a, b])).toBeCloseTo(0, 10);
  });
  test("is what the second best latent leaves: half of log 4, and all of log 2", () => {
    expect(gap((a, b) => [a, a >> 1, b])).toBeCloseTo((0.5 + 1) / 2, 10);
  });
  test("refuses factors that do not vary, and rows that do not match", () => {
    expect(() =>
      mutualInformationGap({ latents: [1, 2, 3, 4], factors: [1, 1], examples: 2 }),
    ).toThrow("mutualInformationGap: factor 0 must vary, got one value");
    expect(() =>
      mutualInformationGap({ latents: [1, 2, 3], factors: [0, 1], examples: 2 }),
    ).toThrow("got 3 and 2 numbers for 2 examples");
  });
});
