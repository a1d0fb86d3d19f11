import { key, normalArray } from "@gen/random";
import { expectClose } from "@gen/testing";
import { expect, test } from "vitest";
import { generated, real, reference } from "../test/reference.ts";
import { rowsOf } from "./features.ts";
import { type Features, slicedWasserstein } from "./index.ts";
import { wassersteinAlong } from "./sliced-wasserstein.ts";

test("along given directions, sets of unequal size: order 1 is SciPy's, order 2 that of repeated samples", () => {
  const a = rowsOf("test", "a", generated, 1);
  const b = rowsOf("test", "b", real, 1);
  const directions = Float64Array.from(reference.directions);
  expectClose(wassersteinAlong(a, b, directions, 1), reference.sliced.one, 1e-12);
  expectClose(wassersteinAlong(a, b, directions, 2), reference.sliced.two, 1e-12);
});

test("a set moved by m is at distance ‖m‖/√dims, within the error of the directions", () => {
  const values = normalArray(key(1), 200 * 5);
  const moved: Features = { values: values.map((v, at) => v + (at % 5 === 0 ? 3 : 0)), dims: 5 };
  const report = slicedWasserstein(moved, { values, dims: 5 }, { key: key(2) });
  expect(report.directionError).toBeGreaterThan(0);
  expect(report.directionError).toBeLessThan(0.05);
  expect(Math.abs(report.distance - 3 / Math.sqrt(5))).toBeLessThan(4 * report.directionError);
});

test("equal sets in another order are at distance 0; one side's samples twice change nothing", () => {
  const values = normalArray(key(3), 40);
  const reversed = Float32Array.from({ length: 40 }, (_, at) => values[38 - at + 2 * (at % 2)]!);
  const options = { key: key(4), projections: 20 };
  const set = { values, dims: 2 };
  expect(slicedWasserstein({ values: reversed, dims: 2 }, set, options)).toMatchObject({
    distance: 0,
    directionError: 0,
  });
  const twice = { values: [...values, ...values], dims: 2 };
  expect(slicedWasserstein(twice, set, options).distance).toBe(0);
});

test("settings that cannot be are refused in one sentence", () => {
  expect(() => slicedWasserstein(generated, real, { key: key(0), order: 0.5 })).toThrow(
    "slicedWasserstein: projections must be a positive integer and order a number of at least 1, got 1000 and 0.5",
  );
});
