import { key, normalArray, split } from "@gen/random";
import {
  edm,
  rectifiedFlow,
  subVariancePreserving,
  trigonometric,
  varianceExploding,
  variancePreserving,
  type Path,
} from "@gen/schedules";
import { expectClose } from "@gen/testing";
import { describe, expect, it, test } from "vitest";
import {
  exactOracle,
  fokkerPlanckResidual,
  forwardSde,
  gaussianDensity,
  mixtureDensity,
  numericalDivergence,
  probabilityFlow,
  reverseSde,
  rowStates,
  simulate,
  transition,
} from "./index.ts";

/** Every path; the last time is one from which the SDEs can start: a is not 0. */
const paths: readonly (readonly [Path, last: number])[] = [
  [variancePreserving(), 1],
  [subVariancePreserving(), 1],
  [varianceExploding({ sigmaMax: 10 }), 1],
  [edm({ sigmaMax: 10 }), 10],
  [rectifiedFlow, 0.98],
  [trigonometric, 0.98],
];
const named = paths.map(([path, last]) => [path.name, path, last] as const);
const data = mixtureDensity(
  [gaussianDensity([-1.2], 0.09), gaussianDensity([0.9], 0.16)],
  [0.35, 0.65],
);

function moments(x: Float64Array): { mean: number; variance: number } {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return { mean, variance };
}

function mixtureMoments(p: typeof data): { mean: number; variance: number } {
  const mean = p.components.reduce((sum, { mean: [m] }, k) => sum + p.weights[k]! * m!, 0);
  const second = p.components.reduce(
    (sum, { mean: [m], covariance }, k) => sum + p.weights[k]! * (m! * m! + covariance[0]![0]!),
    0,
  );
  return { mean, variance: second - mean * mean };
}

/** The probability that a sample's Kolmogorov–Smirnov distance is above this is 0.0001. */
const ksLimit = (count: number): number => 2.23 / Math.sqrt(count);

function ksDistance(sample: Float64Array, p: typeof data): number {
  // The distribution function by a fine sum of the density.
  const [low, high, cells] = [-60, 60, 60_000];
  const width = (high - low) / cells;
  const middles = Float64Array.from({ length: cells }, (_, i) => low + (i + 0.5) * width);
  const masses = p.logDensity(middles).map((log) => Math.exp(log) * width);
  const below = new Float64Array(cells + 1);
  masses.forEach((mass, i) => (below[i + 1] = below[i]! + mass));
  let distance = 0;
  sample.toSorted().forEach((x, i) => {
    const place = (x - low) / width;
    const cell = Math.floor(place);
    const cdf = below[cell]! + (place - cell) * masses[cell]!;
    distance = Math.max(
      distance,
      Math.abs(cdf - i / sample.length),
      Math.abs(cdf - (i + 1) / sample.length),
    );
  });
  return distance;
}

describe("the SDE of a path", () => {
  it("is -β/2 and √β for the variance-preserving path, at its ends too", () => {
    for (const t of [0, 0.3, 1]) {
      const { state, noise, score } = forwardSde(variancePreserving(), t);
      const beta = 0.1 + 19.9 * t;
      expectClose([state, noise ** 2], [-beta / 2, beta], 1e-8);
      expect(score).toBe(0);
    }
  });

  it("is the one of Song et al. for the sub-variance-preserving path", () => {
    for (const t of [0.1, 0.5, 1]) {
      const { state, noise } = forwardSde(subVariancePreserving(), t);
      const beta = 0.1 + 19.9 * t;
      const integral = 0.1 * t + (19.9 * t * t) / 2;
      expectClose([state, noise ** 2], [-beta / 2, -beta * Math.expm1(-2 * integral)], 1e-12);
    }
  });

  it("is dσ²/dt without drift for the exploding path, and 2σ for EDM", () => {
    const ratio = 10 / 0.01;
    const { state, noise } = forwardSde(varianceExploding({ sigmaMax: 10 }), 0.4);
    expectClose([noise], [0.01 * ratio ** 0.4 * Math.sqrt(2 * Math.log(ratio))], 1e-12);
    expect(state).toBe(0);
    expectClose([forwardSde(edm(), 3).noise ** 2], [6], 1e-14);
  });

  it("is -1/(1-t) and 2t/(1-t) for rectified flow, and has no limit at pure noise", () => {
    const { state, noise } = forwardSde(rectifiedFlow, 0.75);
    expectClose([state, noise ** 2], [-4, 6], 1e-12);
    expect(() => forwardSde(rectifiedFlow, 1)).toThrow(
      "forwardSde: at t = 1 of the path rectifiedFlow a is 0",
    );
    expect(() => reverseSde(edm(), 1, -0.5)).toThrow("churn must be a finite number ≥ 0, got -0.5");
  });

  it("has the golden means and deviations of the variance-preserving paths", () => {
    const half = transition(variancePreserving(), 0, 0.5);
    expectClose([half.scale, half.deviation], [0.2811828807967524, 0.9596542020680363], 1e-12);
    const sub = transition(subVariancePreserving(), 0, 0.5);
    expectClose([sub.scale, sub.deviation], [0.2811828807967524, 0.9209361875468394], 1e-12);
    const whole = transition(variancePreserving(), 0, 1);
    expectClose([whole.scale], [0.006571586494929619], 1e-12);
    expect(() => transition(edm(), 2, 1)).toThrow("expected times s ≤ t with a(s) > 0");
  });

  test.each(named)("%s: transitions compose, and carry the marginals", (_, path, last) => {
    const [s, m, t] = [0.2 * last, 0.5 * last, last];
    const [one, two, both] = [
      transition(path, s, m),
      transition(path, m, t),
      transition(path, s, t),
    ];
    expectClose([both.scale], [one.scale * two.scale], 1e-12);
    expectClose([both.deviation], [Math.hypot(two.scale * one.deviation, two.deviation)], 1e-9);
    expectClose([Math.hypot(both.scale * path.b(s), both.deviation)], [path.b(t)], 1e-12);
    // Over a short time the transition is the SDE's own step.
    const h = 1e-6 * last;
    const short = transition(path, m, m + h);
    const { state, noise } = forwardSde(path, m);
    expectClose([(short.scale - 1) / h], [state], 1e-4);
    expectClose([short.deviation ** 2 / h], [noise ** 2], 1e-4);
  });

  test.each(named)("%s: its probability flow is the oracle's velocity", (_, path, last) => {
    const points = [-2, -0.3, 0.5, 1.7];
    for (const t of [0.05 * last, 0.5 * last, last]) {
      const { state, score } = probabilityFlow(path, t);
      const s = data.noised(path.a(t), path.b(t)).score(points);
      expectClose(
        points.map((x, i) => state * x + score * s[i]!),
        exactOracle(data, path).predict(points, t, "velocity"),
        1e-9,
      );
    }
  });
});

describe("Fokker–Planck on a line", () => {
  const points = [-1.5, -0.4, 0.6, 1.3];
  const marginal = (path: Path, x: number, t: number): number =>
    Math.exp(data.noised(path.a(t), path.b(t)).logDensity([x])[0]!);

  test.each(named)(
    "%s: the marginals of a mixture fulfil it, forwards and backwards with any churn",
    (_, path, last) => {
      const score = (x: number, t: number): number =>
        data.noised(path.a(t), path.b(t)).score([x])[0]!;
      for (const t of [0.3 * last, 0.6 * last]) {
        const step = 1e-3 * Math.min(1, last);
        const density = (x: number, s: number): number => marginal(path, x, s);
        for (const x of points) {
          const forward = fokkerPlanckResidual(
            {
              density,
              drift: (y, s) => forwardSde(path, s).state * y,
              variance: (s) => forwardSde(path, s).noise ** 2,
            },
            x,
            t,
            step,
          );
          expect(Math.abs(forward)).toBeLessThan(1e-6);
          for (const churn of [0, 0.5, 1, 2]) {
            const backward = fokkerPlanckResidual(
              {
                density,
                drift: (y, s) => {
                  const terms = reverseSde(path, s, churn);
                  return terms.state * y + terms.score * score(y, s);
                },
                variance: (s) => -(reverseSde(path, s, churn).noise ** 2),
              },
              x,
              t,
              step,
            );
            expect(Math.abs(backward)).toBeLessThan(1e-6);
          }
        }
      }
    },
  );

  it("a wrong drift or diffusion is noticed", () => {
    const path = variancePreserving();
    const residual = (drift: number, variance: number): number =>
      Math.abs(
        fokkerPlanckResidual(
          {
            density: (x, t) => marginal(path, x, t),
            drift: (x, t) => drift * forwardSde(path, t).state * x,
            variance: (t) => variance * forwardSde(path, t).noise ** 2,
          },
          0.6,
          0.3,
        ),
      );
    expect(residual(1, 1)).toBeLessThan(1e-8);
    expect(residual(1.01, 1)).toBeGreaterThan(1e-3);
    expect(residual(1, 1.01)).toBeGreaterThan(1e-3);
  });
});

describe("Euler–Maruyama", () => {
  const states = rowStates(1);
  const count = 4000;
  const score =
    (path: Path) =>
    (x: Float64Array, t: number): Float64Array =>
      data.noised(path.a(t), path.b(t)).score(x);

  test.each(named)(
    "%s: forwards from data it has the exact marginals on the way",
    (_, path, last) => {
      const [dataKey, noiseKey] = split(key(11));
      // Steps that are fine at both ends, where some path's terms are large.
      const steps = 200;
      const times = Array.from(
        { length: steps + 1 },
        (_unused, k) => last * Math.sin((Math.PI * k) / (2 * steps)) ** 2,
      );
      let i = 0;
      const run = simulate({
        states,
        terms: (t) => forwardSde(path, t),
        start: data.sample(dataKey, count),
        times,
        key: noiseKey,
      });
      for (const x of run) {
        i++;
        if (i % 50 !== 0) continue;
        const t = times[i]!;
        const exact = mixtureMoments(data.noised(path.a(t), path.b(t)));
        const measured = moments(x);
        const error = Math.sqrt(exact.variance / count);
        expect(Math.abs(measured.mean - exact.mean)).toBeLessThan(5 * error);
        expect(Math.abs(measured.variance / exact.variance - 1)).toBeLessThan(0.12);
      }
      expect(i).toBe(steps);
    },
  );

  test.each([0, 0.5, 1, 1.5])("backwards with churn %f it brings noise to the data", (churn) => {
    const path = variancePreserving();
    const [startKey, noiseKey] = split(key(12));
    const steps = 400;
    const times = Array.from({ length: steps + 1 }, (_, i) => (1 - i / steps) ** 2 + 1e-4);
    let last = new Float64Array();
    const run = simulate({
      states,
      terms: (t) => reverseSde(path, t, churn),
      score: score(path),
      start: Float64Array.from(normalArray(startKey, count)),
      times,
      key: noiseKey,
    });
    for (const x of run) last = Float64Array.from(x);
    expect(ksDistance(last, data)).toBeLessThan(ksLimit(count) + 0.01);
  });

  it("is the same for the same key, and refuses times that turn back", () => {
    const run = (seed: number, times: number[]): Float64Array[] => [
      ...simulate({
        states,
        terms: (t) => forwardSde(edm(), t),
        start: Float64Array.of(1, 2),
        times,
        key: key(seed),
      }),
    ];
    expect(run(1, [0.1, 0.5, 1])).toEqual(run(1, [0.1, 0.5, 1]));
    expect(run(2, [0.1, 0.5, 1])).not.toEqual(run(1, [0.1, 0.5, 1]));
    expect(() => run(1, [0, 1, 0.5])).toThrow("simulate: times must be two or more, all rising");
    expect(() => run(1, [1])).toThrow("simulate: times must be two or more");
  });
});

it("the numerical divergence of a score is the Laplacian of the log-density", () => {
  const p = gaussianDensity(
    [0, 1],
    [
      [2, 0.5],
      [0.5, 1],
    ],
  );
  // tr Σ⁻¹ = 3 / 1.75
  const found = numericalDivergence((x) => p.score(x), [0.3, 0.4, -1, 2], 2);
  expectClose(found, [-3 / 1.75, -3 / 1.75], 1e-9);
});
