import { key, normalArray } from "@gen/random";
import { expect, test } from "vitest";
import { classCoverage, type Features, modeCoverage } from "./index.ts";

const centres: Features = {
  values: Array.from({ length: 8 }, (_, m) => [
    2 * Math.cos((m * Math.PI) / 4),
    2 * Math.sin((m * Math.PI) / 4),
  ]).flat(),
  dims: 2,
};

function ring(count: number, modes: number, deviation: number): Features {
  const noise = normalArray(key(1), count * 2);
  const values = noise.map(
    (value, at) => centres.values[(Math.floor(at / 2) % modes) * 2 + (at % 2)]! + deviation * value,
  );
  return { values, dims: 2 };
}

test("an exact sampler of 8 gaussians hits all modes with 1 - exp(-9/2) of high quality", () => {
  const report = modeCoverage(ring(4000, 8, 0.02), centres, { deviation: 0.02 });
  expect(report).toMatchObject({ modes: 8, hit: 8, samples: 4000 });
  const exact = 1 - Math.exp(-4.5);
  expect(report.highQualityInterval.low).toBeLessThan(exact);
  expect(report.highQualityInterval.high).toBeGreaterThan(exact);
  expect(report.divergence).toBeLessThan(1e-3);
});

test("a sampler of 3 of 8 modes hits 3, at a divergence of ln(8/3)", () => {
  const report = modeCoverage(ring(300, 3, 0.001), centres, { deviation: 0.02 });
  expect(report).toMatchObject({ hit: 3, perMode: [100, 100, 100, 0, 0, 0, 0, 0] });
  expect(report.highQualityShare).toBe(1);
  expect(report.divergence).toBeCloseTo(Math.log(8 / 3), 12);
});

test("samples between the modes hit nothing", () => {
  const report = modeCoverage({ values: [0, 0, 0.1, 0], dims: 2 }, centres, { deviation: 0.02 });
  expect(report).toMatchObject({ hit: 0, highQuality: 0, highQualityShare: 0 });
  expect(report.divergence).toBe(Infinity);
});

test("labels: classes hit, their shares, and labels of no class", () => {
  const report = classCoverage([0, 0, 2, 2, 2, 2, -1, 7], 4);
  expect(report).toMatchObject({ hit: 2, perMode: [2, 0, 4, 0], highQuality: 6, samples: 8 });
  const exact = (1 / 3) * Math.log(4 / 3) + (2 / 3) * Math.log(8 / 3);
  expect(report.divergence).toBeCloseTo(exact, 12);
});

test("what cannot be is refused in one sentence", () => {
  expect(() => modeCoverage(ring(8, 8, 1), centres, { deviation: 0 })).toThrow(
    "modeCoverage: deviation and within must be positive, got 0 and 3",
  );
  expect(() => modeCoverage({ values: [1], dims: 1 }, centres, { deviation: 1 })).toThrow(
    "modeCoverage: both sides must have features of one length, got dims 1 and 2",
  );
  expect(() => classCoverage([], 3)).toThrow("classCoverage: needs at least 1 label, got 0");
  expect(() => classCoverage([0.5], 3)).toThrow("labels must be integers, got 0.5 at place 0");
});
