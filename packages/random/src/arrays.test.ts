import { expectClose, fixture } from "@gen/testing";
import { describe, expect, it } from "vitest";
import {
  bits,
  gumbelArray,
  key,
  normalArray,
  permutation,
  split,
  truncatedNormalArray,
  uniformArray,
} from "./index.ts";

interface Case {
  seed: number;
  bits: number[];
  uniform: number[];
  "uniformFrom-3To0.1": number[];
  normal: number[];
  "truncatedNormal-2To2": number[];
  "truncatedNormal0.5ToInfinity": number[];
  gumbel: number[];
}
interface Reference {
  cases: Case[];
  extremes: { seed: number; count: number; indices: number[]; normal: number[] };
}
const { cases, extremes } = fixture<Reference>(import.meta.url, "../test/fixtures/random.json");

/** Fails unless every number is within the tolerance: absolute below 1, relative above. */
function expectEach(actual: Float32Array, expected: number[], tolerance = 1e-6): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expectClose([actual[i] as number], [value], tolerance / Math.min(1, Math.abs(value)));
  });
}

describe.each(cases)("the numbers of seed $seed are JAX's:", (expected) => {
  const k = key(expected.seed);
  const count = expected.bits.length;

  it("bits, to the bit", () => {
    expect([...bits(k, count)]).toEqual(expected.bits);
  });
  it("uniform, to the bit", () => {
    expect([...uniformArray(k, count)]).toEqual(expected.uniform);
  });
  it("uniform in an interval", () => {
    expectEach(uniformArray(k, count, -3, 0.1), expected["uniformFrom-3To0.1"]);
  });
  it("normal", () => {
    expectEach(normalArray(k, count), expected.normal);
  });
  it("truncated normal", () => {
    expectEach(truncatedNormalArray(k, count, -2, 2), expected["truncatedNormal-2To2"]);
    expectEach(
      truncatedNormalArray(k, count, 0.5, Infinity),
      expected["truncatedNormal0.5ToInfinity"],
    );
  });
  it("Gumbel", () => {
    expectEach(gumbelArray(k, count), expected.gumbel);
  });
});

it("the extremes of a million normal numbers are JAX's, to the rounding of its logarithm", () => {
  const numbers = normalArray(key(extremes.seed), extremes.count);
  expectEach(
    Float32Array.from(extremes.indices, (i) => numbers[i] as number),
    extremes.normal,
    2e-6,
  );
});

function mean(numbers: ArrayLike<number>, f: (x: number) => number = (x) => x): number {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += f(numbers[i] as number);
  return sum / numbers.length;
}

describe("the statistics of 200,000 numbers are those of their distribution:", () => {
  const count = 200_000;
  const keys = split(key(2026), 5);
  // Five standard errors of a mean of unit variance.
  const five = 5 / Math.sqrt(count);

  it("every bit is set half of the time", () => {
    const words = bits(keys[0]!, count);
    for (let bit = 0; bit < 32; bit++) {
      expect(Math.abs(mean(words, (w) => (w >>> bit) & 1) - 0.5)).toBeLessThan(five / 2);
    }
  });
  it("uniform", () => {
    const numbers = uniformArray(keys[1]!, count, 2, 5);
    expect(Math.abs(mean(numbers) - 3.5)).toBeLessThan(five * 3);
    expect(Math.abs(mean(numbers, (x) => (x - 3.5) ** 2) - 0.75)).toBeLessThan(five * 3);
    expect(numbers.every((x) => x >= 2 && x < 5)).toBe(true);
  });
  it("normal: four moments, and neighbours are not correlated", () => {
    const numbers = normalArray(keys[2]!, count);
    expect(Math.abs(mean(numbers))).toBeLessThan(five);
    expect(Math.abs(mean(numbers, (x) => x ** 2) - 1)).toBeLessThan(five * Math.sqrt(2));
    expect(Math.abs(mean(numbers, (x) => x ** 3))).toBeLessThan(five * Math.sqrt(15));
    expect(Math.abs(mean(numbers, (x) => x ** 4) - 3)).toBeLessThan(five * Math.sqrt(96));
    const products = numbers.subarray(1).map((x, i) => x * (numbers[i] as number));
    expect(Math.abs(mean(products))).toBeLessThan(five);
  });
  it("truncated normal", () => {
    const numbers = truncatedNormalArray(keys[3]!, count, -1, 2);
    // Mean (φ(-1) - φ(2)) / (Φ(2) - Φ(-1)).
    expect(Math.abs(mean(numbers) - 0.2296372)).toBeLessThan(five);
    expect(numbers.every((x) => x > -1 && x < 2)).toBe(true);
  });
  it("Gumbel", () => {
    const numbers = gumbelArray(keys[4]!, count);
    expect(Math.abs(mean(numbers) - 0.5772157)).toBeLessThan(five * 1.29);
    expect(Math.abs(mean(numbers, (x) => (x - 0.5772157) ** 2) - Math.PI ** 2 / 6)).toBeLessThan(
      five * 4,
    );
  });
});

describe("a permutation", () => {
  it("holds every index once", () => {
    for (const count of [0, 1, 2, 7, 1000]) {
      expect([...permutation(key(count), count)].sort((a, b) => a - b)).toEqual(
        Array.from({ length: count }, (_, i) => i),
      );
    }
  });
  it("is each of the 24 orders of four equally often", () => {
    const seen = new Map<string, number>();
    for (const k of split(key(3), 24_000)) {
      const order = permutation(k, 4).join();
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(24);
    const chiSquared = [...seen.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    expect(chiSquared).toBeLessThan(55); // 23 degrees of freedom: more once in 5,000 draws
  });
});

it("no numbers at all can be asked for", () => {
  expect(bits(key(0), 0).length).toBe(0);
  expect(normalArray(key(0), 0).length).toBe(0);
});

describe("bad arguments are refused:", () => {
  it.each([-1, 1.5, NaN, Infinity, 2 ** 32])("a count of %s", (count) => {
    const k = key(0);
    const draws = {
      bits: () => bits(k, count),
      uniformArray: () => uniformArray(k, count),
      normalArray: () => normalArray(k, count),
      truncatedNormalArray: () => truncatedNormalArray(k, count, -1, 1),
      gumbelArray: () => gumbelArray(k, count),
      permutation: () => permutation(k, count),
    };
    for (const [name, draw] of Object.entries(draws)) {
      expect(draw).toThrow(`${name}: count must be an integer in [0, 2^32), got ${count}`);
    }
  });
  it("an interval that is empty, reversed or not finite", () => {
    const k = key(0);
    for (const [low, high] of [
      [1, 1],
      [2, 1],
      [NaN, 1],
      [0, Infinity],
    ] as const) {
      expect(() => uniformArray(k, 1, low, high)).toThrow(/^uniformArray: low and high must be/);
    }
    for (const [low, high] of [
      [1, 1],
      [2, 1],
      [NaN, 1],
    ] as const) {
      expect(() => truncatedNormalArray(k, 1, low, high)).toThrow(
        /^truncatedNormalArray: low must be below high, got/,
      );
    }
  });
});
