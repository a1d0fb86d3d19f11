import { key } from "@gen/random";
import { expect, test } from "vitest";
import { fixture } from "../test/fixture.ts";
import {
  betaPath,
  betasOfPath,
  boundTerm,
  boundTerms,
  boundTermWeight,
  boundWeight,
  cosine,
  discretizedGaussianLogProbability,
  forwardStep,
  gaussianKl,
  hybridLoss,
  learnedVariance,
  linearBetas,
  posterior,
  priorLoss,
  variancePreserving,
  type Path,
} from "./index.ts";

const linear = betaPath(linearBetas());
const steps = (n: number): number[] => Array.from({ length: n + 1 }, (_, i) => n - i);

test("L_T of the linear table has its golden value, element by element", () => {
  expect(Math.abs(priorLoss(linear, [1]) / 2.0179556035907894e-5 - 1)).toBeLessThan(1e-10);
  expect(priorLoss(linear, [1]) / Math.LN2).toBeCloseTo(2.9112945420345267e-5, 14);
  const bar = linear.alphasBar[999] as number;
  expect(priorLoss(linear, [0]) / ((bar * bar) / 4)).toBeCloseTo(1, 4);
  expect(priorLoss(linear, [0.5, -1])).toBeCloseTo(
    gaussianKl(0.5 * linear.a(1000), linear.b(1000) ** 2, 0, 1) +
      gaussianKl(linear.a(1000), linear.b(1000) ** 2, 0, 1),
    14,
  );
});

test("the KL of Gaussians has its closed value", () => {
  // N(., ¼I) to N(., 4I) in 3 dimensions, ‖Δ‖² = 3: the golden value.
  expect(3 * gaussianKl(0, 0.25, 1, 4)).toBeCloseTo(3.1276330833596715, 13);
});

test("the discretised Gaussian has mpmath's values, in tails of thousands of nats too", () => {
  for (const [x, mean, std, wanted] of fixture.decoder) {
    const got = discretizedGaussianLogProbability(x, mean, std);
    expect(Math.abs(got - wanted)).toBeLessThan(1e-10 * Math.max(1, Math.abs(wanted)));
  }
});

test("the discretised Gaussian sums to 1 over its levels", () => {
  for (const [mean, std, levels] of [
    [0.1, 0.3, 256],
    [-1.2, 0.01, 256],
    [0.999, 4, 16],
  ] as const) {
    let sum = 0;
    for (let k = 0; k < levels; k++) {
      const x = (2 * k) / (levels - 1) - 1;
      sum += Math.exp(discretizedGaussianLogProbability(x, mean, std, { levels }));
    }
    expect(sum).toBeCloseTo(1, 12);
  }
  expect(() => discretizedGaussianLogProbability(128, 0, 1)).toThrow(
    "x must be in [-1, 1], got 128",
  );
  expect(() => discretizedGaussianLogProbability(0, 0, 0)).toThrow("std must be a positive number");
});

/** The variance of the data x ~ N(0, s²) given x_t: the squared error of the best model. */
function leastError(path: Path, t: number, s2: number): number {
  return (s2 * path.b(t) ** 2) / (path.a(t) ** 2 * s2 + path.b(t) ** 2);
}

/** Normal data of variance s² and their best model, with a decoder that is a Gaussian. */
function gaussianChain(path: Path, s2: number) {
  return {
    path,
    predict: (xt: Float64Array, t: number): Float64Array => {
      const gain = (path.a(t) * s2) / (path.a(t) ** 2 * s2 + path.b(t) ** 2);
      return xt.map((value) => gain * value);
    },
    variance: (t: number, s: number): number =>
      s === 0 ? (path.b(t) / path.a(t)) ** 2 : posterior(path, t, s).variance,
    decoder: (value: number, mean: number, std: number): number =>
      (Math.log(2 * Math.PI * std * std) + ((value - mean) / std) ** 2) / 2,
  };
}

test("the bound of a Gaussian chain, its expectation by quadrature, is its closed form", () => {
  const n = 20;
  const path = betaPath(betasOfPath(cosine(), { steps: n }));
  const s2 = 0.49;
  // The terms are quadratic in x and z: four points with the moments of normal numbers integrate them exactly.
  const s = Math.sqrt(s2);
  const chain = { ...gaussianChain(path, s2), x: [s, s, -s, -s] };
  const z = [1, -1, 1, -1];
  const terms = steps(n - 1).map((t) => boundTerm(chain, t + 1, t, z) / 4);
  const bound = terms.reduce((sum, term) => sum + term, priorLoss(path, [s]));

  // Written out over the chain: -E log p(x_T) - Σ E log p(x_{t-1} | x_t) - Σ H(x_t | x_{t-1}), each of a Gaussian.
  const alphaBar = (t: number): number => path.alphasBar[t - 1] ?? 1;
  const power = (t: number): number => alphaBar(t) * s2 + 1 - alphaBar(t);
  let wanted = (Math.log(2 * Math.PI) + power(n)) / 2;
  for (let t = n; t >= 1; t--) {
    const [beta, bar, before] = [path.betas[t - 1]!, alphaBar(t), alphaBar(t - 1)];
    wanted -= Math.log(2 * Math.PI * Math.E * beta) / 2;
    const gain = (Math.sqrt(bar) * s2) / power(t);
    const mean = (Math.sqrt(before) * beta * gain + Math.sqrt(1 - beta) * (1 - before)) / (1 - bar);
    const variance = t === 1 ? (1 - bar) / bar : ((1 - before) / (1 - bar)) * beta;
    const together = Math.sqrt(1 - beta) * power(t - 1);
    const error = power(t - 1) - 2 * mean * together + mean * mean * power(t);
    wanted += (Math.log(2 * Math.PI * variance) + error / variance) / 2;
  }
  expect(Math.abs(bound - wanted)).toBeLessThan(1e-10);
  // Above the entropy of the data, which is the bound's own bound.
  expect(bound).toBeGreaterThan(Math.log(2 * Math.PI * Math.E * s2) / 2);
});

test("the estimates of the bound's terms have its expectation", () => {
  const path = betaPath(betasOfPath(cosine(), { steps: 6 }));
  const s = 0.7;
  const chain = gaussianChain(path, s * s);
  const size = 20_000;
  const x = Float64Array.from({ length: size }, (_, i) => (i % 2 ? s : -s));
  const terms = boundTerms({ ...chain, times: steps(6), x, key: key(5) });
  expect(terms).toHaveLength(7);
  expect(terms[0]! / size).toBeCloseTo(priorLoss(path, [s]), 10);
  steps(5).forEach((t, i) => {
    const exact = boundTerm({ ...chain, x: [s, s, -s, -s] }, t + 1, t, [1, -1, 1, -1]) / 4;
    expect(Math.abs(terms[i + 1]! / size - exact)).toBeLessThan(0.05);
  });
  expect(() => boundTerm({ ...chain, x: [1, 2] }, 2, 1, [0])).toThrow(
    "boundTerm: z must be as long as x, got 1 numbers for 2",
  );
});

test("the bound of ever more steps becomes the data's entropy: the best model has no gap", () => {
  const s2 = 0.49;
  const entropy = Math.log(2 * Math.PI * Math.E * s2) / 2;
  const bound = (n: number): number => {
    const path = variancePreserving();
    const first = 1e-6;
    const times = Array.from({ length: n + 1 }, (_, i) => first * (1 / first) ** (1 - i / n));
    let sum = priorLoss(path, [Math.sqrt(s2)]);
    for (let i = 0; i < n; i++) {
      const [t, s] = [times[i] as number, times[i + 1] as number];
      sum += boundTermWeight(path, Math.min(t, 1), s).at(path.logSnr(t)) * leastError(path, t, s2);
    }
    const noise = (path.b(first) / path.a(first)) ** 2;
    return sum + (Math.log(2 * Math.PI * noise) + leastError(path, first, s2) / noise) / 2;
  };
  const gaps = [200, 400, 800].map((n) => bound(n) - entropy);
  expect(gaps[2]).toBeGreaterThan(0);
  for (const i of [1, 2]) expect((gaps[i - 1] as number) / (gaps[i] as number)).toBeCloseTo(2, 1);
});

test("the weight for continuous time is the limit of the terms'", () => {
  const path = variancePreserving();
  for (const t of [0.01, 0.4, 0.9]) {
    const h = 1e-6;
    const term = boundTermWeight(path, t + h, t - h).at(path.logSnr(t + h));
    const noise = term / Math.exp(path.logSnr(t)) / (2 * h);
    expect(boundWeight(path, t).at(path.logSnr(t)) / noise).toBeCloseTo(1, 3);
  }
  expect(() => boundWeight(path, 0)).toThrow("t must be inside the path variancePreserving");
});

test("a learned variance lies between β̃ and β, and learns at the first step too", () => {
  const [low, high] = [posterior(linear, 9, 8).variance, linear.betas[8] as number];
  expect(learnedVariance(linear, 9, 8, 0)).toBeCloseTo(low, 15);
  expect(learnedVariance(linear, 9, 8, 1)).toBeCloseTo(high, 15);
  expect(learnedVariance(linear, 9, 8, 0.5)).toBeCloseTo(Math.sqrt(low * high), 15);
  expect(learnedVariance(linear, 1, 0, 0)).toBeCloseTo(posterior(linear, 2, 1).variance, 15);
  expect(learnedVariance(linear, 1, 0, 1)).toBeCloseTo(forwardStep(linear, 1, 0).variance, 15);
  expect(hybridLoss(0.2, 30)).toBeCloseTo(0.23, 15);
});

test("terms are pure in their key, and times that leave a part out are refused", () => {
  const path = betaPath(linearBetas({ steps: 5, start: 0.1, end: 0.5 }));
  const options = { path, x: [0.2, -0.6], key: key(1), predict: (xt: Float64Array) => xt };
  expect(boundTerms({ ...options, times: steps(5) })).toEqual(
    boundTerms({ ...options, times: steps(5) }),
  );
  expect(() => boundTerms({ ...options, times: [5, 3, 1] })).toThrow(
    "boundTerms: times must fall from the path's end, 5, to 0, got 3 from 5 to 1",
  );
});
