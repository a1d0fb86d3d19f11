import { expectClose } from "@gen/testing";
import { describe, expect, it } from "vitest";
import { reference } from "../../test/exact-reference.ts";
import {
  conditionalOfTable,
  crossEntropyOf,
  entropyOf,
  gaussianDensity,
  jensenShannonOf,
  jointTable,
  klOf,
  lineMeasure,
  marginalsOfTable,
  mixtureDensity,
  posteriorTable,
  tableMeasure,
  totalVariationOf,
} from "./index.ts";

describe("finite distributions", () => {
  const p = tableMeasure([0.5, 0.25, 0.25, 0]);
  const q = tableMeasure([0.25, 0.25, 0.25, 0.25]);

  it("have the entropies and divergences of the textbook", () => {
    expectClose([entropyOf(p)], [1.5 * Math.LN2], 1e-15);
    expectClose([entropyOf(q), crossEntropyOf(p, q)], [2 * Math.LN2, 2 * Math.LN2], 1e-15);
    expectClose([klOf(p, q)], [0.5 * Math.LN2], 1e-15);
    expectClose([totalVariationOf(p, q)], [0.25], 1e-15);
  });

  it("have an infinite KL divergence where q is 0 and p is not, in that direction only", () => {
    expect(klOf(q, p)).toBe(Infinity);
    expect(klOf(p, q)).toBeLessThan(1);
    expect(jensenShannonOf(p, q)).toBeCloseTo(jensenShannonOf(q, p), 15);
  });

  it("that do not overlap are ln 2 and 1 apart", () => {
    const [left, right] = [tableMeasure([1, 0]), tableMeasure([0, 1])];
    expectClose([jensenShannonOf(left, right)], [Math.LN2], 1e-15);
    expect(totalVariationOf(left, right)).toBe(1);
  });
});

describe("densities on a line", () => {
  const interval = [-12, 12] as const;
  const p = lineMeasure(
    mixtureDensity([gaussianDensity([-1], 0.25), gaussianDensity([1.5], 0.64)], [0.4, 0.6]),
    interval,
  );
  const q = lineMeasure(gaussianDensity([0.2], 2.25), interval);

  it("have the divergences that SciPy's adaptive quadrature finds", () => {
    const { entropy, kl, jensenShannon, totalVariation } = reference.line;
    expectClose([entropyOf(p)], [entropy], 1e-9);
    expectClose([klOf(p, q)], [kl], 1e-9);
    expectClose([jensenShannonOf(p, q)], [jensenShannon], 1e-9);
    // |p - q| has kinks, where the trapezoidal rule is only of second order.
    expectClose([totalVariationOf(p, q)], [totalVariation], 1e-5);
  });

  it("have the golden Jensen–Shannon divergence of N(0, 1) and N(1, 1)", () => {
    const measures = [0, 1].map((mean) => lineMeasure(gaussianDensity([mean], 1), interval));
    expectClose([jensenShannonOf(measures[0]!, measures[1]!)], [0.11142148218473619], 1e-11);
  });
});

describe("tables of two variables", () => {
  const prior = [0.01, 0.99];
  const likelihood = [
    [0.9, 0.1],
    [0.05, 0.95],
  ];

  it("Bayes' rule divides by p(y): a rare illness stays unlikely after a positive test", () => {
    const posterior = posteriorTable(prior, likelihood);
    expectClose(posterior[0]!, [0.009 / 0.0585, 0.0495 / 0.0585], 1e-14);
    expectClose(posterior[1]!, [0.001 / 0.9415, 0.9405 / 0.9415], 1e-14);
  });

  it("marginals and conditionals of the joint give the prior and the likelihood back", () => {
    const joint = jointTable(prior, likelihood);
    expectClose(marginalsOfTable(joint).x, prior, 1e-15);
    expectClose(marginalsOfTable(joint).y, [0.0585, 0.9415], 1e-15);
    expectClose(conditionalOfTable(joint).flat(), likelihood.flat(), 1e-15);
  });
});

describe("refused with one sentence:", () => {
  const p = tableMeasure([0.5, 0.5]);
  it.each<[string, () => unknown, RegExp]>([
    ["a sum that is not 1", () => tableMeasure([0.5, 0.6]), /sum of 1, got a sum of 1.1 of 2/],
    ["a negative probability", () => tableMeasure([1.5, -0.5]), /must be ≥ 0/],
    ["different tables", () => klOf(p, tableMeasure([1])), /klOf: p and q must lie on the same/],
    [
      "an interval that cuts the density",
      () => lineMeasure(gaussianDensity([0], 1), [-1, 1]),
      /has mass 0\.68\d+ on \[-1, 1\]/,
    ],
    [
      "a plane",
      () => lineMeasure(gaussianDensity([0, 0], 1), [-1, 1]),
      /density must have 1 dimension, got 2/,
    ],
    ["an empty interval", () => lineMeasure(gaussianDensity([0], 1), [1, 1]), /low < high/],
    ["a prior that is none", () => jointTable([1, 1], [[1], [1]]), /prior must be numbers ≥ 0/],
    ["a likelihood that is none", () => jointTable([1], [[0.5]]), /likelihood\[0\] must be/],
    ["rows missing", () => jointTable([0.5, 0.5], [[1]]), /each of the 2 values of x/],
    [
      "an impossible condition",
      () =>
        posteriorTable(
          [1, 0],
          [
            [1, 0],
            [0, 1],
          ],
        ),
      /row 1 has probability 0/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
