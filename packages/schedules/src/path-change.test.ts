import { describe, expect, test } from "vitest";
import { allPaths } from "../test/all-paths.ts";
import {
  betaPath,
  edm,
  linearBetas,
  forwardStep,
  pathChange,
  posterior,
  rectifiedFlow,
  trigonometric,
  variancePreserving,
} from "./index.ts";

describe.each(allPaths)("a network trained on $name", (trained) => {
  test.each(allPaths)("sees what it was trained on when it runs on $name", (wanted) => {
    const change = pathChange(trained, wanted);
    for (const share of [0.01, 0.3, 0.7]) {
      const t = share * wanted.end;
      if (wanted.logSnr(t) < trained.logSnr(trained.end)) continue;
      const { time, scale } = change(t);
      expect(scale * wanted.a(t)).toBeCloseTo(trained.a(time), 9);
      expect(Math.abs((scale * wanted.b(t)) / trained.b(time) - 1)).toBeLessThan(1e-9);
    }
    expect(change(0)).toEqual({ time: 0, scale: 1 });
  });
});

test("from noise alone to noise alone the change has its end too", () => {
  expect(pathChange(trigonometric, rectifiedFlow)(1)).toEqual({ time: 1, scale: 1 });
});

test("VP on EDM's path is EDM's table 1: scale 1/√(1 + σ²)", () => {
  const { time, scale } = pathChange(variancePreserving(), edm())(3.41291830906912);
  expect(time).toBeCloseTo(0.5, 12);
  expect(scale).toBeCloseTo(1 / Math.sqrt(1 + 3.41291830906912 ** 2), 12);
});

test("more noise than a network was trained on is refused in one sentence that says where to begin", () => {
  const change = pathChange(variancePreserving(), rectifiedFlow);
  expect(() => change(1)).toThrow(
    "pathChange: the path variancePreserving ends at log-SNR -10.049956",
  );
  const begin = Number(/begin at t = (.*)$/.exec(caught(() => change(1)))?.[1]);
  expect(change(begin).time).toBe(1);
  expect(() => change(1.5)).toThrow(
    "t must be a time of the path rectifiedFlow, in [0, 1], got 1.5",
  );
});

function caught(run: () => void): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

describe.each(allPaths)("the Markov chain of $name", (path) => {
  test("is joined by Bayes' rule: posterior times marginal is prior times step", () => {
    for (const [from, to] of [
      [0.1, 0.3],
      [0.5, 0.51],
      [0.2, 0.99],
    ] as const) {
      const [s, t] = [from * path.end, to * path.end];
      const step = forwardStep(path, t, s);
      const back = posterior(path, t, s);
      // Given x = 0: x_s ~ N(0, b_s²), x_t = scale·x_s + noise.
      const marginal = step.scale ** 2 * path.b(s) ** 2 + step.variance;
      expect(marginal / path.b(t) ** 2).toBeCloseTo(1, 9);
      const covariance = step.scale * path.b(s) ** 2;
      expect(back.input).toBeCloseTo(covariance / marginal, 9);
      const variance = path.b(s) ** 2 - covariance ** 2 / marginal;
      expect(Math.abs(back.variance - variance)).toBeLessThan(1e-9 * path.b(s) ** 2);
      expect(back.data + back.input * path.a(t)).toBeCloseTo(path.a(s), 9); // the means agree
    }
  });
});

test("the posterior of a table has the golden values, and its step is β", () => {
  const path = betaPath(linearBetas());
  const { data, input, variance } = posterior(path, 501, 500);
  expect(Math.abs(data / 0.003058057075629619 - 1)).toBeLessThan(1e-10);
  expect(Math.abs(input / 0.9941043507572658 - 1)).toBeLessThan(1e-10);
  expect(Math.abs(variance / 0.010051335778909593 - 1)).toBeLessThan(1e-10);
  expect(forwardStep(path, 501, 500).variance).toBeCloseTo(path.betas[500] as number, 13);
  expect(posterior(path, 1, 0)).toEqual({ data: 1, input: 0, variance: 0 });
  expect(() => posterior(path, 3, 3)).toThrow("with 0 <= s < t <= 1000, got s = 3, t = 3");
  expect(() => forwardStep(path, 1001, 3)).toThrow("forwardStep: s and t must be times");
});

test("the posterior with the data that the noise implies has the golden values, over any stride", () => {
  const path = betaPath(linearBetas());
  const step = (t: number, s: number): { mean: number; std: number } => {
    const { input, data, variance } = posterior(path, t, s);
    const x = (0.7 - path.b(t) * -0.3) / path.a(t);
    return { mean: input * 0.7 + data * x, std: Math.sqrt(variance) };
  };
  // The indices 500 → 400 and 500 → 499 of a table that counts from 0.
  const far = step(501, 401);
  expect(Math.abs(far.mean / 1.3989059744406152 - 1)).toBeLessThan(1e-10);
  expect(Math.abs(far.std / 0.7231963492714132 - 1)).toBeLessThan(1e-10);
  const near = step(501, 500);
  expect(Math.abs(near.mean / 0.7067064133882122 - 1)).toBeLessThan(1e-10);
  expect(Math.abs(near.std / 0.10025635031712277 - 1)).toBeLessThan(1e-10);
  const beta = path.betas[500] as number;
  expect(Math.abs(beta / path.b(501) / 0.010475696469939831 - 1)).toBeLessThan(1e-10);
});
