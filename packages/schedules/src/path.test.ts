import { describe, expect, test } from "vitest";
import { allPaths } from "../test/all-paths.ts";
import {
  cosine,
  edm,
  laplacePath,
  pathOfLogSnr,
  rectifiedFlow,
  sigmoidPath,
  subVariancePreserving,
  trigonometric,
  varianceExploding,
  variancePreserving,
} from "./index.ts";

describe.each(allPaths)("the path $name", (path) => {
  // None of them is a table's own time, where a table's derivatives jump.
  const times = [0.00033, 0.01003, 0.10007, 0.37013, 0.50003, 0.81007, 0.99013].map(
    (t) => t * path.end,
  );

  test("begins at data, exactly, and ends where noise all but covers it", () => {
    expect([path.a(0), path.b(0)]).toEqual([1, 0]);
    expect(path.a(path.end) / path.b(path.end)).toBeLessThan(0.07);
  });

  test("has the derivatives of a and b", () => {
    for (const t of times) {
      const h = 1e-5 * Math.min(t, path.end - t, 1);
      const difference = (f: (t: number) => number): number => (f(t + h) - f(t - h)) / (2 * h);
      expect(path.aPrime(t)).toBeCloseTo(difference(path.a), 6);
      const slope = difference(path.b);
      expect(Math.abs(path.bPrime(t) - slope)).toBeLessThan(1e-6 * Math.max(1, Math.abs(slope)));
    }
  });

  test("has a falling log-SNR log(a²/b²), and its inverse", () => {
    let last = Infinity;
    for (const t of times) {
      const l = path.logSnr(t);
      expect(l).toBeCloseTo(Math.log(path.a(t) ** 2 / path.b(t) ** 2), 9);
      expect(l).toBeLessThan(last);
      expect(path.inverseLogSnr(l) / t).toBeCloseTo(1, 10);
      last = l;
    }
    expect(path.logSnr(0)).toBe(Infinity);
    expect(path.inverseLogSnr(Infinity)).toBe(0);
    expect(path.inverseLogSnr(path.logSnr(path.end)) / path.end).toBeCloseTo(1, 12);
  });
});

test.each([rectifiedFlow, trigonometric, cosine(), sigmoidPath(), laplacePath()])(
  "$name ends in noise alone",
  (path) => {
    expect(path.a(path.end)).toBeCloseTo(0, 12);
    expect(path.b(path.end)).toBe(1);
    expect(path.inverseLogSnr(-Infinity)).toBe(path.end);
  },
);

test.each([trigonometric, variancePreserving(), cosine()])("$name preserves variance", (path) => {
  for (const t of [0, 1e-6, 0.2, 0.7, 1]) {
    expect(path.a(t) ** 2 + path.b(t) ** 2).toBeCloseTo(1, 14);
  }
});

test("VP, sub-VP and VE have their closed values", () => {
  const [vp, sub] = [variancePreserving(), subVariancePreserving()];
  expect(vp.a(0.5)).toBeCloseTo(0.2811828807967524, 14);
  expect(vp.b(0.5)).toBeCloseTo(0.9596542020680363, 14);
  expect(sub.b(0.5)).toBeCloseTo(0.9209361875468394, 14);
  expect(Math.exp(-vp.logSnr(0.5) / 2)).toBeCloseTo(3.41291830906912, 12);
  expect(vp.a(1)).toBeCloseTo(0.006571586494929619, 15);
  expect(Math.exp(-vp.logSnr(1) / 2)).toBeCloseTo(152.1669702839464, 9);
  const ve = varianceExploding();
  expect(ve.b(1) ** 2).toBeCloseTo(50 ** 2 - 0.01 ** 2, 8);
  expect(ve.b(0.5) ** 2).toBeCloseTo(0.01 * 50 - 0.01 ** 2, 14);
});

test("cosine follows the paper's formula, and keeps its digits near the data", () => {
  const angle = (t: number): number => (((t + 0.008) / 1.008) * Math.PI) / 2;
  for (const t of [0.1, 0.5, 0.9]) {
    expect(cosine().a(t) ** 2).toBeCloseTo(Math.cos(angle(t)) ** 2 / Math.cos(angle(0)) ** 2, 14);
  }
  // b² = 2 tan(first)·rate·t + (1 - tan²(first))·(rate·t)²… for small t.
  const rate = Math.PI / 2 / 1.008;
  const t = 1e-9;
  expect(cosine().b(t) ** 2 / (2 * Math.tan(angle(0)) * rate * t)).toBeCloseTo(1, 6);
});

test("a path of a log-SNR is the one whose log-SNR it was given", () => {
  const vp = variancePreserving();
  const path = pathOfLogSnr({
    name: "again",
    end: 1,
    logSnr: vp.logSnr,
    logSnrPrime: (t) => -(0.1 + 19.9 * t) / vp.b(t) ** 2,
    inverseLogSnr: vp.inverseLogSnr,
  });
  for (const t of [0.01, 0.4, 1]) {
    for (const part of ["a", "b", "aPrime", "bPrime"] as const) {
      expect(path[part](t)).toBeCloseTo(vp[part](t), 12);
    }
  }
});

test("a path without an inverse, as a learned one, finds it by bisection", () => {
  const laplace = laplacePath({ mean: 1, scale: 2 });
  const { inverseLogSnr } = pathOfLogSnr({
    name: "learned",
    end: 1,
    logSnr: laplace.logSnr,
    logSnrPrime: () => NaN,
  });
  for (const l of [9, 1, -0.3, -20]) {
    expect(inverseLogSnr(l)).toBeCloseTo(laplace.inverseLogSnr(l), 14);
  }
  expect([inverseLogSnr(Infinity), inverseLogSnr(-Infinity)]).toEqual([0, 1]);
});

test("the Laplace path's log-SNR is Laplace-distributed, the sigmoid path's ᾱ a sigmoid", () => {
  const path = laplacePath({ mean: 0.4, scale: 0.7 });
  for (const t of [0.01, 0.2, 0.5, 0.8, 0.99]) {
    const l = path.logSnr(t);
    const above = l > 0.4 ? Math.exp(-(l - 0.4) / 0.7) / 2 : 1 - Math.exp((l - 0.4) / 0.7) / 2;
    expect(above).toBeCloseTo(t, 12); // a share t of all times has more signal
  }
  const sigmoid = (u: number): number => 1 / (1 + Math.exp(-u));
  const s = sigmoidPath({ start: 0, end: 3, tau: 0.7 });
  for (const t of [0.1, 0.5, 0.9]) {
    const bar = (sigmoid(3 / 0.7) - sigmoid((3 * t) / 0.7)) / (sigmoid(3 / 0.7) - 0.5);
    expect(s.a(t) ** 2).toBeCloseTo(bar, 14);
  }
});

test("impossible paths are refused in one sentence", () => {
  expect(() => variancePreserving({ betaMin: 20, betaMax: 0.1 })).toThrow(
    "variancePreserving: betaMax must be above betaMin = 20, got 0.1",
  );
  expect(() => subVariancePreserving({ betaMin: 0 })).toThrow(
    "subVariancePreserving: betaMin must be a positive number, got 0",
  );
  expect(() => varianceExploding({ sigmaMin: 1, sigmaMax: 1 })).toThrow(
    "varianceExploding: sigmaMax must be above sigmaMin = 1, got 1",
  );
  expect(() => edm({ sigmaMax: NaN })).toThrow("edm: sigmaMax must be a positive number, got NaN");
  expect(() => sigmoidPath({ start: 3, end: -3 })).toThrow("end must be above start = 3, got -3");
  expect(() => laplacePath({ scale: 0 })).toThrow("scale must be a positive number, got 0");
  expect(() => cosine({ offset: 0 })).toThrow("without an offset the path is trigonometric");
});
