import { foldIn, key, normalArray } from "@gen/random";
import { expect, test } from "vitest";
import { reference } from "../test/reference.ts";
import {
  type Features,
  featureStatistics,
  type FeatureStatistics,
  frechetDistance,
  frechetDistanceInfinity,
  frechetInterval,
} from "./index.ts";
import { line } from "./frechet-infinity.ts";

const dims = 8;
const drawn = (run: number, count: number): Features => ({
  values: normalArray(foldIn(key(1), run), count * dims),
  dims,
});
/** N((½, 0, …), I): at distance ¼ of what is drawn. */
const real: FeatureStatistics = {
  count: 1e6,
  dims,
  mean: Float64Array.from({ length: dims }, (_, i) => (i === 0 ? 0.5 : 0)),
  covariance: Float64Array.from({ length: dims * dims }, (_, at) =>
    at % (dims + 1) === 0 ? 1 : 0,
  ),
};

test("the line is that of least squares, by NumPy", () => {
  const { sizes, scores, slope, intercept } = reference.line;
  const found = line(
    sizes.map((size) => 1 / size),
    scores,
  );
  expect(found.slope / slope).toBeCloseTo(1, 10);
  expect(found.intercept / intercept).toBeCloseTo(1, 10);
});

test("FID∞ has a tenth of the bias that the plain distance has", () => {
  const runs = 60;
  let plain = 0;
  let extrapolated = 0;
  for (let run = 0; run < runs; run++) {
    const generated = drawn(run, 300);
    plain += frechetDistance(featureStatistics(generated), real).distance / runs;
    extrapolated +=
      frechetDistanceInfinity(generated, real, { key: foldIn(key(2), run) }).distance / runs;
  }
  // The mean alone adds dims/n = 0.027 to 0.25, and the covariance about dims·(dims + 1)/4n = 0.06.
  expect(plain - 0.25).toBeGreaterThan(0.06);
  expect(Math.abs(extrapolated - 0.25)).toBeLessThan(0.1 * (plain - 0.25));
});

test("it tells the subsets it used, and the last is everything", () => {
  const generated = drawn(0, 1000);
  const report = frechetDistanceInfinity(generated, real, { key: key(3) });
  expect(report.sizes).toHaveLength(15);
  expect(report.sizes[0]).toBe(100);
  expect(report.sizes[14]).toBe(1000);
  expect(report.slope).toBeGreaterThan(0);
  const all = frechetDistance(featureStatistics(generated), real).distance;
  expect(report.distances[14]).toBeCloseTo(all, 12);
});

test("bootstrap intervals hold the distance that this many samples have in the mean", () => {
  const runs = 60;
  const count = 150;
  const expected = Array.from({ length: 400 }, (_, run) => drawn(1000 + run, count)).reduce(
    (sum, one) => sum + frechetDistance(featureStatistics(one), real).distance / 400,
    0,
  );
  let held = 0;
  for (let run = 0; run < runs; run++) {
    const { low, high } = frechetInterval(drawn(run, count), real, { key: key(run) });
    if (low <= expected && expected <= high) held++;
  }
  expect(held).toBeGreaterThanOrEqual(50);
});

test("too few samples for a line are refused in one sentence", () => {
  expect(() => frechetDistanceInfinity(drawn(0, 31), real, { key: key(0) })).toThrow(
    "frechetDistanceInfinity: subsets from 16 samples on need at least 32 generated ones, got 31; add samples",
  );
  expect(() => frechetDistanceInfinity(drawn(0, 90), real, { key: key(0), smallest: 8 })).toThrow(
    "smallest must be an integer above the 8 dims, got 8",
  );
  expect(() => frechetDistanceInfinity(drawn(0, 90), real, { key: key(0), points: 1 })).toThrow(
    "points must be an integer of at least 2, got 1",
  );
});
