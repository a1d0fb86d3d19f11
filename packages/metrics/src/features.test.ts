import { key } from "@gen/random";
import { expect, test } from "vitest";
import { generated, real } from "../test/reference.ts";
import {
  classifierTwoSampleTest,
  cmmd,
  densityCoverage,
  type Features,
  featureStatistics,
  frechetDistance,
  frechetDistanceInfinity,
  gaussianKernel,
  kernelDistance,
  mmd,
  precisionRecall,
  type Report,
  slicedWasserstein,
} from "./index.ts";

type Score = (generated: Features, real: Features) => Report;

/** Every score of two sets of features, and the fewest samples that it takes. */
const scores: Readonly<Record<string, readonly [Score, least: number]>> = {
  frechetDistance: [(a, b) => frechetDistance(featureStatistics(a), featureStatistics(b)), 2],
  frechetDistanceInfinity: [
    (a, b) => frechetDistanceInfinity(a, featureStatistics(b), { key: key(0) }),
    24,
  ],
  kernelDistance: [(a, b) => kernelDistance(a, b, { key: key(0), subsets: 2, subsetSize: 50 }), 50],
  mmd: [(a, b) => mmd(a, b, gaussianKernel(1)), 3],
  cmmd: [cmmd, 3],
  precisionRecall: [precisionRecall, 4],
  densityCoverage: [densityCoverage, 6],
  slicedWasserstein: [(a, b) => slicedWasserstein(a, b, { key: key(0), projections: 5 }), 1],
  classifierTwoSampleTest: [(a, b) => classifierTwoSampleTest(a, b, { key: key(0) }), 4],
};

const first = (features: Features, count: number): Features => ({
  ...features,
  values: Array.from(features.values).slice(0, count * features.dims),
});

for (const [name, [score, least]] of Object.entries(scores)) {
  test(`${name} states sample sizes, extractor and protocol`, () => {
    const report = score(generated, real);
    expect(report).toMatchObject({ counts: [60, 80], dims: 6, extractor: "mixed" });
    expect(report.protocol.length).toBeGreaterThan(10);
    const { extractor, ...silent } = generated;
    expect(score(silent, real).extractor).toBe(extractor);
    expect(score(silent, { values: real.values, dims: 6 }).extractor).toBe("not stated");
  });

  test(`${name} does not depend on what the features are kept in, and not on hidden state`, () => {
    const typed = { ...generated, values: Float64Array.from(generated.values) };
    expect(score(typed, real)).toEqual(score(generated, real));
    expect([...typed.values]).toEqual(generated.values);
  });

  test(`${name} refuses features that do not fit in one sentence`, () => {
    expect(() => score({ ...generated, dims: 5 }, real)).toThrow(
      /: both sides must have features of one length, got dims 5 and 6; use the same feature extractor for both$/,
    );
    expect(() => score(generated, { ...real, extractor: "other" })).toThrow(
      /: both sides must come from one extractor, got "mixed" and "other"$/,
    );
    for (const wrong of [NaN, Infinity]) {
      const values = Float64Array.from(generated.values);
      values[8] = wrong;
      expect(() => score({ ...generated, values }, real)).toThrow(
        new RegExp(`must be finite, got ${wrong} at place 2 of vector 1$`),
      );
      expect(() => score(generated, { ...generated, values })).toThrow("must be finite");
    }
    expect(() =>
      score({ ...generated, values: generated.values as number[], dims: 7 }, { ...real, dims: 7 }),
    ).toThrow(/must hold whole vectors of 7 numbers, got (360|480) numbers$/);
  });

  test(`${name} takes ${least} samples, and refuses fewer in one sentence`, () => {
    const report = score(first(generated, least), real);
    expect(report.counts).toEqual([least, 80]);
    expect(() => score(first(generated, least - 1), real)).toThrow(
      new RegExp(`^\\w+(\\.\\w+)?: [^.]+, got ${least - 1} ?[^.]*$`),
    );
  });
}
