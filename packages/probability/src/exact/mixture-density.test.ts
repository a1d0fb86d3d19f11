import { gaussianMixture } from "@gen/data";
import { key } from "@gen/random";
import { expectClose } from "@gen/testing";
import { describe, expect, it } from "vitest";
import { reference } from "../../test/exact-reference.ts";
import { finiteDataSet, gaussianDensity, gaussianPosterior, mixtureDensity } from "./index.ts";

const { means, covariances, weights, points: rows, a, b, ...golden } = reference.mixture;
const points = rows.flat();
const mixture = mixtureDensity(
  means.map((mean, k) => gaussianDensity(mean, covariances[k]!)),
  weights,
);

describe("a mixture of full covariances", () => {
  it("has SciPy's log-density, with noise added too", () => {
    expectClose(mixture.logDensity(points), golden.logDensity, 1e-12);
    expectClose(mixture.noised(a, b).logDensity(points), golden.noisedLogDensity, 1e-12);
  });

  it("has the score as its gradient", () => {
    const h = 1e-5;
    const numeric = points.map((x, i) => {
      const moved = (by: number): number =>
        mixture.logDensity(points.map((value, j) => (i === j ? x + by : value)))[i >> 1]!;
      return (moved(h) - moved(-h)) / (2 * h);
    });
    expectClose(mixture.score(points), numeric, 1e-8);
  });

  it("has the posterior mean that quadrature over the data finds", () => {
    const { data, noise } = mixture.denoise(points, a, b);
    expectClose(data, golden.posteriorMean.flat(), 1e-9);
    expectClose(
      noise,
      points.map((y, i) => (y - a * data[i]!) / b),
      1e-12,
    );
  });

  it("denoises exactly at both ends: to the point without noise, to the mean without data", () => {
    expectClose(mixture.denoise(points, 1, 0).data, points, 1e-12);
    expectClose(
      mixture.denoise(points, 1, 0).noise,
      points.map(() => 0),
      1e-12,
    );
    const mean = [0, 1].map((d) => means.reduce((sum, m, k) => sum + weights[k]! * m[d]!, 0));
    expectClose(
      mixture.denoise(points, 0, 1).data,
      rows.flatMap(() => mean),
      1e-12,
    );
  });

  it("does not vanish far out", () => {
    const far = [1e3, -1e3];
    expect(mixture.logDensity(far)[0]).toBeLessThan(-1e5);
    expect(mixture.score(far).every(Number.isFinite)).toBe(true);
  });

  it("marginal times conditional is the joint density", () => {
    const product =
      mixture.marginal([1]).logDensity([0.4])[0]! +
      mixture.conditional([1], [0.4]).logDensity([-0.8])[0]!;
    expectClose([product], mixture.logDensity([-0.8, 0.4]), 1e-12);
  });

  it("obeys Bayes' rule: prior · likelihood = posterior · evidence", () => {
    const likelihood = { matrix: [[1, 2]], offset: [0.5], noise: [[0.3]] };
    const y = [1.1];
    const posterior = gaussianPosterior(mixture, likelihood, y);
    const evidence = mixture.affine(likelihood.matrix, likelihood.offset, likelihood.noise);
    const left = rows.map(
      ([u, v], i) =>
        mixture.logDensity(points)[i]! +
        gaussianDensity([u! + 2 * v! + 0.5], 0.3).logDensity(y)[0]!,
    );
    const right = posterior.logDensity(points).map((log) => log + evidence.logDensity(y)[0]!);
    expectClose(left, right, 1e-12);
  });

  it("is the round mixture of @gen/data where the covariances are round", () => {
    const round = mixtureDensity(
      means.map((mean, k) => gaussianDensity(mean, (k + 1) ** 2)),
      weights,
    );
    const other = gaussianMixture(means, [1, 2, 3], weights);
    expectClose(round.logDensity(points), other.logDensity(points), 1e-12);
    expectClose(round.noised(a, b).score(points), other.noised(a, b).score(points), 1e-12);
  });

  it("has samples with the score's defining property: E[score] = 0 and E[x·score] = -1", () => {
    const count = 40_000;
    const samples = mixture.sample(key(3), count);
    const score = mixture.score(samples);
    for (let d = 0; d < 2; d++) {
      let mean = 0;
      let product = 0;
      for (let at = d; at < samples.length; at += 2) {
        mean += score[at]! / count;
        product += (samples[at]! * score[at]!) / count;
      }
      expect(Math.abs(mean)).toBeLessThan(0.05);
      expect(Math.abs(product + 1)).toBeLessThan(0.1);
    }
  });
});

describe("a finite data set", () => {
  const data = finiteDataSet(points, 2);
  const narrow = (noiseA: number, noiseB: number) =>
    mixtureDensity(
      rows.map((row) =>
        gaussianDensity(
          row.map((x) => noiseA * x),
          noiseB * noiseB,
        ),
      ),
    );
  const where = [0.1, 0.2, -1.5, 3, 2, 2];

  it("with noise is the mixture of a bump at every point", () => {
    expectClose(data.noised(a, b).logDensity(where), narrow(a, b).logDensity(where), 1e-12);
    expectClose(data.noised(a, b).score(where), narrow(a, b).score(where), 1e-12);
  });

  it("denoises to an average of the data, to the nearest point at little noise, to the mean at the end", () => {
    const { data: mean, noise } = data.denoise(where, a, b);
    const score = narrow(a, b).score(where);
    expectClose(
      mean,
      where.map((y, i) => (y + b * b * score[i]!) / a),
      1e-10,
    );
    expectClose(
      noise,
      score.map((s) => -b * s),
      1e-10,
    );
    const nudged = rows[4]!.map((x) => x + 1e-3);
    expectClose(data.denoise(nudged, 1, 0.01).data, rows[4]!, 1e-12);
    expectClose(data.denoise(rows[4]!, 1, 0).data, rows[4]!, 1e-15);
    const average = [0, 1].map((d) => rows.reduce((sum, row) => sum + row[d]! / rows.length, 0));
    expectClose(data.denoise(where, 0, 1).data, [...average, ...average, ...average], 1e-12);
  });

  it("samples its points, all equally often", () => {
    const samples = data.sample(key(8), 6000);
    const counts = rows.map(
      ([x]) => samples.filter((value, i) => i % 2 === 0 && value === x).length,
    );
    expect(counts.reduce((s, c) => s + c, 0)).toBe(6000);
    // χ² with 5 degrees of freedom is above 25 once in 7,000 keys.
    expect(counts.reduce((s, c) => s + (c - 1000) ** 2 / 1000, 0)).toBeLessThan(25);
  });

  it("is refused without points, and has no density without noise", () => {
    expect(() => finiteDataSet([], 2)).toThrow("data must hold at least one point");
    expect(() => finiteDataSet([1, 2, 3], 2)).toThrow("finiteDataSet: points has 3 numbers");
    expect(() => data.noised(1, 0)).toThrow("noised: b must be above 0");
  });
});
