import { key, normalArray } from "@gen/random";
import { expectClose } from "@gen/testing";
import { describe, expect, it } from "vitest";
import { reference } from "../../test/exact-reference.ts";
import {
  crossEntropyOfGaussians,
  entropyOfGaussian,
  gaussianDensity,
  gaussianPosterior,
  klOfGaussians,
  mixtureDensity,
  sumOfGaussians,
  wassersteinOfGaussians,
} from "./index.ts";

const golden = reference.gaussian;
const p = gaussianDensity(golden.mean, golden.covariance);
const q = gaussianDensity(golden.otherMean, golden.otherCovariance);
const points = golden.points.flat();

describe("a Gaussian with a full covariance", () => {
  it("has SciPy's log-density and score", () => {
    expectClose(p.logDensity(points), golden.logDensity, 1e-12);
    expectClose(p.score(points), golden.score.flat(), 1e-12);
  });

  it("has SciPy's entropy and the textbook's KL divergence, and KL is not symmetric", () => {
    expectClose([entropyOfGaussian(p)], [golden.entropy], 1e-12);
    expectClose([klOfGaussians(p, q)], [golden.kl], 1e-12);
    expectClose([crossEntropyOfGaussians(p, q)], [golden.crossEntropy], 1e-12);
    expect(Math.abs(klOfGaussians(q, p) - golden.kl)).toBeGreaterThan(0.1);
    expect(Math.abs(klOfGaussians(p, p))).toBeLessThan(1e-14);
  });

  it("has the golden KL of round Gaussians in three dimensions", () => {
    const kl = klOfGaussians(gaussianDensity([1, 1, 1], 0.25), gaussianDensity([0, 0, 0], 4));
    expectClose([kl], [3.1276330833596715], 1e-12);
  });

  it("has the Wasserstein distance of SciPy's matrix square roots", () => {
    expectClose([wassersteinOfGaussians(p, q)], [golden.w2], 1e-10);
    const golden2d = wassersteinOfGaussians(
      gaussianDensity(
        [1, 0],
        [
          [2, 0.5],
          [0.5, 1],
        ],
      ),
      gaussianDensity(
        [0, 2],
        [
          [1, -0.3],
          [-0.3, 0.5],
        ],
      ),
    );
    expectClose([golden2d ** 2], [5.553301412770546], 1e-12);
  });

  it("has samples of its mean and covariance", () => {
    const count = 40_000;
    const samples = p.sample(key(1), count);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j <= i; j++) {
        let mean = 0;
        let product = 0;
        for (let at = 0; at < samples.length; at += 3) {
          mean += samples[at + i]! / count;
          product += ((samples[at + i]! - p.mean[i]!) * (samples[at + j]! - p.mean[j]!)) / count;
        }
        const spread = Math.sqrt(p.covariance[i]![i]! * p.covariance[j]![j]! * (2 / count));
        expect(Math.abs(mean - p.mean[i]!)).toBeLessThan(
          5 * Math.sqrt(p.covariance[i]![i]! / count),
        );
        expect(Math.abs(product - p.covariance[i]![j]!)).toBeLessThan(5 * spread);
      }
    }
    expect(p.sample(key(1), count)).toEqual(samples);
    expect(p.sample(key(2), count)).not.toEqual(samples);
  });
});

describe("what stays Gaussian", () => {
  it("the conditional is the one of the precision matrix", () => {
    const conditional = p.conditional([1], [0.7]);
    expectClose(conditional.mean, golden.conditionalMean, 1e-12);
    expectClose(conditional.covariance.flat(), golden.conditionalCovariance.flat(), 1e-12);
  });

  it("marginal times conditional is the joint density", () => {
    const [x, y, z] = [0.3, -0.7, 1.9];
    const product =
      p.marginal([2, 0]).logDensity([z, x])[0]! + p.conditional([2, 0], [z, x]).logDensity([y])[0]!;
    expectClose([product], p.logDensity([x, y, z]), 1e-12);
  });

  it("the sum of independent ones adds variances, not their roots", () => {
    const sum = sumOfGaussians(gaussianDensity([1], 9), gaussianDensity([-3], 16));
    expect([sum.mean[0], sum.covariance[0]![0]]).toEqual([-2, 25]);
  });

  it("Bayes' rule agrees with the information form in NumPy", () => {
    const { mean, covariance, y, posteriorMean, posteriorCovariance, ...likelihood } =
      reference.bayes;
    const posterior = gaussianPosterior(gaussianDensity(mean, covariance), likelihood, y);
    expectClose(posterior.mean, posteriorMean, 1e-12);
    expectClose(posterior.covariance.flat(), posteriorCovariance.flat(), 1e-12);
  });

  it("the posterior of z ~ N(0, 1), x | z ~ N(z, 1) at 1.3 is N(0.65, 0.5), and log p(x) the golden one", () => {
    const prior = gaussianDensity([0], 1);
    const likelihood = { matrix: [[1]], noise: [[1]] };
    const posterior = gaussianPosterior(prior, likelihood, [1.3]);
    expectClose([...posterior.mean, ...posterior.covariance.flat()], [0.65, 0.5], 1e-14);
    expectClose(prior.noised(1, 1).logDensity([1.3]), [-1.6880121234846452], 1e-14);
  });

  it("the denoiser's means are Bayes' rule for a·x + b·z, and zero noise returns the point", () => {
    const [a, b] = [0.6, 0.8];
    const eye = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? 1 : 0)));
    const matrix = eye.map((row) => row.map((value) => a * value));
    const noise = eye.map((row) => row.map((value) => b * b * value));
    const { data, noise: z } = p.denoise(points, a, b);
    golden.points.forEach((point, i) => {
      const { mean } = gaussianPosterior(p, { matrix, noise }, point);
      expectClose(data.slice(3 * i, 3 * i + 3), mean, 1e-12);
      expectClose(
        z.slice(3 * i, 3 * i + 3),
        point.map((value, d) => (value - a * mean[d]!) / b),
        1e-12,
      );
    });
    expectClose(p.denoise(points, 1, 0).data, points, 1e-12);
    expectClose(
      p.denoise(points, 0, 1).data,
      golden.points.flatMap(() => golden.mean),
      1e-15,
    );
    expectClose(p.denoise(points, 0, 1).noise, points, 1e-15);
  });
});

describe("refused with one sentence:", () => {
  const one = gaussianDensity([0, 0], 1);
  it.each<[string, () => unknown, RegExp]>([
    [
      "a covariance that is not positive definite",
      () =>
        gaussianDensity(
          [0, 0],
          [
            [1, 2],
            [2, 1],
          ],
        ),
      /gaussianDensity: covariance must be positive definite, got \[\[1,2\],\[2,1\]\]/,
    ],
    ["a variance of zero", () => gaussianDensity([0], 0), /must be positive definite, got 0/],
    [
      "a singular covariance",
      () =>
        gaussianDensity(
          [0, 0],
          [
            [0.1, 0.3],
            [0.3, 0.9],
          ],
        ),
      /must be positive definite/,
    ],
    [
      "a covariance that is not symmetric",
      () =>
        gaussianDensity(
          [0, 0],
          [
            [1, 0.5],
            [0.2, 1],
          ],
        ),
      /must be symmetric, got 0.5 at \[0\]\[1\] and 0.2 at \[1\]\[0\]/,
    ],
    ["a covariance of another size", () => gaussianDensity([0, 0], [1]), /fit a mean of 2 numbers/],
    ["NaN in the mean", () => gaussianDensity([NaN], 1), /mean must be one or more finite numbers/],
    ["half a point", () => one.logDensity([1]), /logDensity: points has 1 numbers/],
    ["an axis that is not there", () => one.marginal([2]), /marginal: axes must be .* got \[2\]/],
    ["nothing left", () => one.conditional([0, 1], [0, 0]), /conditional: axes and values must be/],
    ["a matrix that does not fit", () => one.affine([[1]]), /affine: matrix must have rows of 2/],
    [
      "an observation of another length",
      () => gaussianPosterior(one, { matrix: [[1, 0]], noise: [[1]] }, [1, 2]),
      /observation must have 1 numbers/,
    ],
    [
      "mixtures of different dimensions",
      () => mixtureDensity([one, gaussianDensity([0], 1)]),
      /components must be one or more of one dimension, got dimensions \[2, 1\]/,
    ],
    [
      "a negative weight",
      () => mixtureDensity([one, one], [2, -1]),
      /weights must be 2 numbers ≥ 0/,
    ],
    [
      "KL of different dimensions",
      () => klOfGaussians(one, gaussianDensity([0], 1)),
      /must have one number of dimensions, got 2 and 1/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});

it("the score is the gradient of the log-density", () => {
  const at = Float64Array.from(normalArray(key(4), 6));
  const h = 1e-5;
  const numeric = at.map((x, i) => {
    const moved = (by: number): number => {
      const row = at.slice();
      row[i] = x + by;
      return p.logDensity(row)[Math.floor(i / 3)]!;
    };
    return (moved(h) - moved(-h)) / (2 * h);
  });
  expectClose(p.score(at), numeric, 1e-7);
});
