import { key } from "@gen/random";
import { expectClose } from "@gen/testing";
import { describe, expect, it } from "vitest";
import { reference } from "../../test/exact-reference.ts";
import {
  crossEntropyOfGaussians,
  fitGaussian,
  fitMixture,
  gaussianDensity,
  ppca,
} from "./index.ts";

const golden = reference.fits;
const points = golden.points.flat();
const data = golden.data.flat();
const average = (logs: Float64Array): number =>
  logs.reduce((sum, log) => sum + log, 0) / logs.length;

describe("the likeliest Gaussian", () => {
  const fitted = fitGaussian(data, 5);

  it("has the mean of the points and their covariance over count", () => {
    const two = fitGaussian([0, 2, 4, 10], 1);
    expect([two.mean[0], two.covariance[0]![0]]).toEqual([4, 14]);
  });

  it("is likelier than any other near it", () => {
    const best = average(fitted.logDensity(data));
    expectClose([best], [-crossEntropyOfGaussians(fitted, fitted)], 1e-12);
    for (let i = 0; i < 5; i++) {
      for (const by of [-0.01, 0.01]) {
        const mean = fitted.mean.map((value, j) => (i === j ? value + by : value));
        const scaled = fitted.covariance.map((row, r) =>
          row.map((value, c) => (r === i && c === i ? value * (1 + by) : value)),
        );
        expect(average(gaussianDensity(mean, fitted.covariance).logDensity(data))).toBeLessThan(
          best,
        );
        expect(average(gaussianDensity(fitted.mean, scaled).logDensity(data))).toBeLessThan(best);
      }
    }
  });
});

describe("expectation–maximisation", () => {
  it("finds scikit-learn's mixture", () => {
    const { mixture, history } = fitMixture(points, 2, 3, key(1), {
      tolerance: 1e-13,
      maxIterations: 2000,
    });
    expectClose([history.at(-1)!], [golden.averageLogLikelihood], 1e-9);
    const order = [0, 1, 2].sort(
      (i, j) => mixture.components[i]!.mean[0]! - mixture.components[j]!.mean[0]!,
    );
    expectClose(
      order.flatMap((k) => mixture.components[k]!.mean),
      golden.means.flat(),
      1e-4,
    );
    expectClose(
      order.flatMap((k) => mixture.components[k]!.covariance.flat()),
      golden.covariances.flat(2),
      1e-4,
    );
    expectClose(
      order.map((k) => mixture.weights[k]!),
      golden.weights,
      1e-4,
    );
  });

  it.each([1, 2, 3, 4, 5])("never lowers the likelihood, with %i components", (components) => {
    for (const seed of [0, 1, 2]) {
      const { history } = fitMixture(points, 2, components, key(seed));
      for (let i = 1; i < history.length; i++) {
        expect(history[i]! - history[i - 1]!).toBeGreaterThan(-1e-12);
      }
      expect(history.length).toBeGreaterThan(1);
    }
  });

  it("with one component is the likeliest Gaussian", () => {
    const [one] = fitMixture(points, 2, 1, key(0)).mixture.components;
    expectClose(one!.covariance.flat(), fitGaussian(points, 2).covariance.flat(), 1e-12);
  });
});

describe("probabilistic PCA", () => {
  const fitted = fitGaussian(data, 5);

  it("has the noise, the covariance and the likelihood of scikit-learn's components", () => {
    const { noiseVariance, density } = ppca(fitted, 2);
    expectClose([noiseVariance], [golden.noiseVariance], 1e-10);
    expectClose(density.covariance.flat(), golden.ppcaCovariance.flat(), 1e-10);
    expectClose([-crossEntropyOfGaussians(fitted, density)], [golden.ppcaLogLikelihood], 1e-10);
    expectClose([average(density.logDensity(data))], [golden.ppcaLogLikelihood], 1e-10);
  });

  it("is likelier than other loadings and other noise", () => {
    const { loadings, noiseVariance } = ppca(fitted, 2);
    const likelihood = (w: readonly (readonly number[])[], variance: number): number => {
      const covariance = w.map((row, i) =>
        w.map((other, j) => row[0]! * other[0]! + row[1]! * other[1]! + (i === j ? variance : 0)),
      );
      return -crossEntropyOfGaussians(fitted, gaussianDensity(fitted.mean, covariance));
    };
    const best = likelihood(loadings, noiseVariance);
    for (const by of [-0.02, 0.02]) {
      expect(likelihood(loadings, noiseVariance * (1 + by))).toBeLessThan(best);
      for (let i = 0; i < 5; i++) {
        const moved = loadings.map((row, r) => (r === i ? [row[0]! + by, row[1]!] : row));
        expect(likelihood(moved, noiseVariance)).toBeLessThan(best);
      }
    }
  });
});

describe("refused with one sentence:", () => {
  it.each<[string, () => unknown, RegExp]>([
    ["too few points", () => fitGaussian([1, 2, 3, 4], 2), /more than their 2 dimensions, got 2/],
    ["points on a line", () => fitGaussian([0, 0, 1, 1, 2, 2, 3, 3], 2), /positive definite/],
    [
      "too many components",
      () => fitMixture([1, 2, 3], 1, 2, key(0)),
      /at least 2 points each, got 2 for 3/,
    ],
    [
      "one value many times",
      () => fitMixture([1, 1, 1, 1], 1, 2, key(0)),
      /more than 2 different values, all lie on 1/,
    ],
    [
      "as many latents as dimensions",
      () => ppca(gaussianDensity([0, 0], 1), 2),
      /latents must be a whole number from 1 to 1/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
