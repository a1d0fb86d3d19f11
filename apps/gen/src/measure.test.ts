import { eightGaussiansMixture } from "@gen/data";
import { key, normalArray } from "@gen/random";
import { expect, test } from "vitest";
import type { DataConfig } from "./config.ts";
import { loadDataset, type PointDataset } from "./dataset.ts";
import { evaluatePoints } from "./evaluate-points.ts";
import { heldOutOf, reportLikelihood } from "./likelihood-report.ts";
import { createOutput } from "./output.ts";

const data: DataConfig = { name: "points", set: "eightGaussians", training: 5000, seed: 1 };
const quiet = createOutput(true, { write: () => true }, { write: () => true });

test("points of the data themselves score as the data, a Gaussian of the same width does not", async () => {
  const dataset = (await loadDataset(data, undefined, quiet)) as PointDataset;
  expect(dataset.heldOut.length).toBe(10_000);
  const same = evaluatePoints(eightGaussiansMixture.sample(key(9), 3000), dataset, data);
  expect(same.modes).toMatchObject({ modes: 8, hit: 8 });
  // Within 3 deviations in the plane: 1 − exp(−9/2).
  expect(same.modes?.highQualityShare).toBeCloseTo(0.9889, 2);
  expect(same.slicedWasserstein.distance).toBeLessThan(0.2);
  expect(Math.abs(same.mmd.squared)).toBeLessThan(2e-3);
  const wide = normalArray(key(3), 6000).map((x) => 2 * x);
  const other = evaluatePoints(wide, dataset, data);
  expect(other.slicedWasserstein.distance).toBeGreaterThan(2 * same.slicedWasserstein.distance);
  expect(other.mmd.squared).toBeGreaterThan(0.01);
});

test("the likelihood of points under their own density is that of the data; images have bits", async () => {
  const dataset = await loadDataset(data, undefined, quiet);
  const heldOut = heldOutOf(dataset, 400);
  const nats = eightGaussiansMixture.logDensity(heldOut.numbers);
  const report = reportLikelihood({ kind: "exact", of: "points", nats }, heldOut, data);
  expect(report.nats).toBeCloseTo(report.trueNats as number, 10);
  // The entropy of eight apart Gaussians of deviation s: ln 8 + 1 + ln(2π s²), here with s² = 1/8.
  expect(report.nats).toBeCloseTo(-(Math.log(8) + 1 + Math.log(Math.PI / 4)), 0);
  expect(report.interval.low).toBeLessThan(report.nats);
  expect(report.interval.high).toBeGreaterThan(report.nats);
  expect(report.bitsPerDimension).toBeNull();

  // 2 images of 4 numbers, even over [-1, 1]: each of 256 levels costs 8 bits.
  const images = { count: 2, numbers: new Float32Array(8) };
  const even = Float64Array.of(-4 * Math.LN2, -4 * Math.LN2);
  const bits = reportLikelihood(
    { kind: "exact", of: "dequantised images", nats: even, binWidth: 2 / 256 },
    images,
    { name: "mnist", training: 1, heldOut: 2 },
  );
  expect(bits.bitsPerDimension).toBeCloseTo(8, 10);
});
