import { foldIn, key, permutation, split } from "@gen/random";
import { expectClose } from "@gen/testing";
import { describe, expect, it, test } from "vitest";
import {
  annealedLangevin,
  gaussianDensity,
  gaussianPosterior,
  geometricNoiseLevels,
  langevinStep,
  metropolisLangevinStep,
  metropolisState,
  mixtureDensity,
  polynomialStepSize,
  rowStates,
  stochasticGradientLangevinStep,
  type States,
} from "./index.ts";

const line = rowStates(1);

function moments(x: Float64Array): { mean: number; variance: number } {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  return { mean, variance: x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length };
}

describe("unadjusted Langevin on N(0, 1)", () => {
  // A state that is its own two coefficients, of x and of the noise: what one step does, exactly.
  const linear: States<readonly [number, number]> = {
    combine: (terms) => [
      terms.reduce((sum, [c, [x]]) => sum + c * x, 0),
      terms.reduce((sum, [c, [, n]]) => sum + c * n, 0),
    ],
    normal: () => [0, 1],
    dot: () => [0, 0],
    accept: (_key, _ratio, _proposed, current) => current,
  };
  test.each([
    [0.1, 1.025641],
    [0.5, 1.1428571],
  ])("with step %f has the golden stationary variance", (delta, golden) => {
    const [x, noise] = langevinStep(linear, [1, 0], [-1, 0], delta, key(0));
    expectClose([noise ** 2 / (1 - x ** 2)], [1 / (1 - delta / 4)], 1e-12);
    expectClose([noise ** 2 / (1 - x ** 2)], [golden], 1e-7);
  });

  it("has it in simulation, too", () => {
    const count = 20_000;
    let x: Float64Array = new Float64Array(count);
    for (let i = 0; i < 40; i++) {
      x = langevinStep(
        line,
        x,
        x.map((value) => -value),
        0.5,
        foldIn(key(1), i),
      );
    }
    expect(Math.abs(moments(x).variance / (8 / 7) - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
  });
});

describe("Metropolis-adjusted Langevin", () => {
  const target = mixtureDensity(
    [gaussianDensity([-1], 0.5), gaussianDensity([1.5], 0.25)],
    [0.4, 0.6],
  );
  const count = 5000;

  it("keeps the target exactly at steps where the unadjusted one does not", () => {
    const start = target.sample(key(2), count);
    let state = metropolisState(target, start);
    let unadjusted: Float64Array = start;
    for (let i = 0; i < 40; i++) {
      const stepKey = foldIn(key(3), i);
      state = metropolisLangevinStep(line, target, state, 1, stepKey);
      unadjusted = langevinStep(line, unadjusted, target.score(unadjusted), 1, stepKey);
    }
    // mean 0.5, E x² = 0.4·1.5 + 0.6·2.5
    const variance = 2.1 - 0.25;
    const adjusted = moments(state.x);
    expect(Math.abs(adjusted.mean - 0.5)).toBeLessThan(5 * Math.sqrt(variance / count));
    expect(Math.abs(adjusted.variance / variance - 1)).toBeLessThan(0.08);
    expect(Math.abs(moments(unadjusted).variance / variance - 1)).toBeGreaterThan(0.1);
    expectClose(state.logDensity, target.logDensity(state.x), 1e-12);
    expectClose(state.score, target.score(state.x), 1e-12);
  });

  it("converges from a far start, in two dimensions with a correlation", () => {
    const p = gaussianDensity(
      [1, -1],
      [
        [1, 0.6],
        [0.6, 0.5],
      ],
    );
    let state = metropolisState<Float64Array>(p, new Float64Array(4000).fill(3));
    for (let i = 0; i < 200; i++) {
      state = metropolisLangevinStep(rowStates(2), p, state, 0.25, foldIn(key(4), i));
    }
    const [xs, ys] = [0, 1].map((d) => state.x.filter((_, i) => i % 2 === d));
    const covariance = xs!.reduce((sum, x, i) => sum + (x - 1) * (ys![i]! + 1), 0) / 2000;
    expect(Math.abs(moments(xs!).mean - 1)).toBeLessThan(0.12);
    expect(Math.abs(moments(xs!).variance - 1)).toBeLessThan(0.17);
    expect(Math.abs(covariance - 0.6)).toBeLessThan(0.12);
  });

  it("never moves to where the density is 0, and moves rows as a whole", () => {
    const half = {
      logDensity: (x: Float64Array) =>
        Float64Array.from({ length: x.length / 2 }, (_, i) =>
          x[2 * i]! > 0 ? -(x[2 * i]! ** 2 + x[2 * i + 1]! ** 2) / 2 : -Infinity,
        ),
      score: (x: Float64Array) => x.map((value) => -value),
    };
    const start = metropolisState(half, new Float64Array(400).fill(0.5));
    const next = metropolisLangevinStep(rowStates(2), half, start, 0.5, key(5));
    const moved = Array.from({ length: 200 }, (_, i) => [
      next.x[2 * i] !== 0.5,
      next.x[2 * i + 1] !== 0.5,
    ]);
    expect(moved.every(([one, two]) => one === two)).toBe(true);
    expect(moved.filter(([one]) => one).length).toBeGreaterThan(60);
    expect(next.x.every((value, i) => i % 2 === 1 || value > 0)).toBe(true);
  });
});

describe("annealed Langevin", () => {
  const data = mixtureDensity(
    [gaussianDensity([-4], 0.01), gaussianDensity([4], 0.01)],
    [0.8, 0.2],
  );
  const sigmas = geometricNoiseLevels(8, 0.1, 10);

  it("finds the weights of modes between which unadjusted Langevin cannot move", () => {
    const count = 2000;
    const start = Float64Array.from(gaussianDensity([0], 64).sample(key(6), count));
    const score = (x: Float64Array, sigma: number): Float64Array => data.noised(1, sigma).score(x);
    let last: Float64Array = start;
    let steps = 0;
    for (const x of annealedLangevin({
      states: line,
      score,
      start,
      sigmas,
      stepsPerLevel: 60,
      stepSize: 0.002,
      key: key(7),
    })) {
      last = x;
      steps++;
    }
    expect(steps).toBe(600);
    const left = last.filter((x) => x < 0).length / count;
    expect(Math.abs(left - 0.8)).toBeLessThan(0.08);
    let plain: Float64Array = start;
    for (let i = 0; i < 600; i++) {
      plain = langevinStep(line, plain, score(plain, 0.1), 0.002, foldIn(key(8), i));
    }
    expect(Math.abs(plain.filter((x) => x < 0).length / count - 0.8)).toBeGreaterThan(0.2);
  });

  it("takes steps in proportion to the variance of the noise", () => {
    // With no noise drawn and a score of 1 the steps are δ/2.
    const still: States<Float64Array> = { ...line, normal: (_, x) => x.map(() => 0) };
    const states = [
      ...annealedLangevin({
        states: still,
        score: (x) => x.map(() => 1),
        start: Float64Array.of(0),
        sigmas: [1, 0.5, 0.1],
        stepsPerLevel: 1,
        key: key(0),
      }),
    ].map(([x]) => x!);
    expectClose(states, [1e-5 * 100, 1e-5 * 125, 1e-5 * 126], 1e-12);
  });
});

describe("stochastic-gradient Langevin", () => {
  it("samples the posterior of a mean from batches of the data", () => {
    const count = 100;
    const data = gaussianDensity([1.5], 1).sample(key(9), count);
    const posterior = gaussianPosterior(
      gaussianDensity([0], 4),
      {
        matrix: Array.from({ length: count }, () => [1]),
        noise: Array.from({ length: count }, (_, i) =>
          Array.from({ length: count }, (_unused, j) => (i === j ? 1 : 0)),
        ),
      },
      [...data],
    );
    const chains = 2000;
    const batchCount = 50;
    let theta: Float64Array = new Float64Array(chains);
    for (let i = 0; i < 150; i++) {
      const [batchKey, noiseKey] = split(foldIn(key(10), i));
      const batch = permutation(batchKey, count).slice(0, batchCount);
      let sum = 0;
      for (const at of batch) sum += data[at]!;
      theta = stochasticGradientLangevinStep(
        line,
        theta,
        {
          prior: theta.map((value) => -value / 4),
          batch: theta.map((value) => sum - batchCount * value),
          dataCount: count,
          batchCount,
        },
        polynomialStepSize(i, 0.004),
        noiseKey,
      );
    }
    const { mean, variance } = moments(theta);
    const exact = posterior.covariance[0]![0]!;
    // All chains see the same batches, whose noise moves them together by less than a deviation of the posterior.
    expect(Math.abs(mean - posterior.mean[0]!)).toBeLessThan(0.5 * Math.sqrt(exact));
    expect(Math.abs(variance / exact - 1)).toBeLessThan(0.15);
  });

  it("has steps whose sum diverges and whose squares do not", () => {
    expect(polynomialStepSize(0, 0.3)).toBe(0.3);
    expectClose([polynomialStepSize(8, 0.3, 1, 0.5)], [0.1], 1e-14);
  });
});

it("noise levels are geometric", () => {
  const levels = geometricNoiseLevels(1, 0.01, 10);
  expect([levels[0], levels.length]).toEqual([1, 10]);
  expectClose([levels[9]!], [0.01], 1e-14);
  for (let i = 2; i < 10; i++) expectClose([levels[i]! / levels[i - 1]!], [0.01 ** (1 / 9)], 1e-12);
});

describe("refused with one sentence:", () => {
  const x = Float64Array.of(1);
  it.each<[string, () => unknown, RegExp]>([
    [
      "a step of 0",
      () => langevinStep(line, x, x, 0, key(0)),
      /stepSize must be a positive number, got 0/,
    ],
    [
      "noise levels that rise",
      () => [
        ...annealedLangevin({
          states: line,
          score: (s) => s,
          start: x,
          sigmas: [0.1, 1],
          key: key(0),
        }),
      ],
      /sigmas must be one or more falling positive numbers, got \[0.1, 1\]/,
    ],
    [
      "levels the wrong way round",
      () => geometricNoiseLevels(0.01, 1, 10),
      /0 < smallest < largest/,
    ],
    [
      "one level",
      () => geometricNoiseLevels(1, 0.01, 1),
      /count must be a whole number ≥ 2, got 1/,
    ],
    [
      "a batch larger than the data",
      () =>
        stochasticGradientLangevinStep(
          line,
          x,
          { prior: x, batch: x, dataCount: 1, batchCount: 2 },
          1,
          key(0),
        ),
      /batchCount must be from 1 to dataCount, got 2 of 1/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
