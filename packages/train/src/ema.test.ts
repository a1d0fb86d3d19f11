import { expectClose } from "@gen/testing";
import { dispose, memory, tensor, tidy, useBackend, variable } from "@gen/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import {
  constant,
  Ema,
  gammaOfWidth,
  powerFunctionDecay,
  type Schedule,
  warmedUpDecay,
} from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

test("the width of the power-function average and its exponent belong together", () => {
  // Computed by numpy.roots from the cubic polynomial.
  expect(gammaOfWidth(0.05)).toBeCloseTo(16.97, 2);
  expect(gammaOfWidth(0.1)).toBeCloseTo(6.94, 2);
  for (const gamma of [0, 0.5, 1, 5, 30, 1000]) {
    const width = Math.sqrt(gamma + 1) / ((gamma + 2) * Math.sqrt(gamma + 3));
    expect(Math.abs(gammaOfWidth(width) - gamma)).toBeLessThan(1e-7 * (1 + gamma));
  }
  expect(() => gammaOfWidth(0.3)).toThrow("relativeWidth must lie in (0, 0.2886…], got 0.3");
});

test("the power-function decay gives the weight of each past step as a power of its time", () => {
  // The profile of EDM2 is f(τ) ∝ τ^γ; the recursion approaches it as training goes on.
  const width = 0.1;
  const gamma = gammaOfWidth(width);
  const decay = powerFunctionDecay(width);
  const steps = 4000;
  const weights = new Float64Array(steps);
  for (let step = 0; step < steps; step++) {
    for (let past = 0; past < step; past++) weights[past]! *= decay(step);
    weights[step] = 1 - decay(step);
  }
  let mean = 0;
  let square = 0;
  weights.forEach((weight, step) => {
    mean += weight * (step / steps);
    square += weight * (step / steps) ** 2;
  });
  expect(decay(0)).toBe(0);
  expect(mean).toBeCloseTo((gamma + 1) / (gamma + 2), 3);
  expect(Math.sqrt(square - mean ** 2)).toBeCloseTo(width, 3);
});

test("the warm-up ends at the decay", () => {
  const decay = warmedUpDecay(0.99);
  expect([0, 1, 90, 1e6].map(decay)).toEqual([0.1, 2 / 11, 0.91, 0.99]);
  expect(() => warmedUpDecay(1)).toThrow("decay must lie in [0, 1), got 1");
});

const decays: [string, Schedule][] = [
  ["constant", constant(0.9)],
  ["warmed up", warmedUpDecay(0.95)],
  ["power function", powerFunctionDecay(0.15)],
];

describe.each(decays)("a %s average", (_name, decay) => {
  test("follows the recursion in float64, is copied into a clone, and leaves no tensor behind", () => {
    const before = memory().numTensors;
    const a = tidy(() => variable(tensor([1, 2])));
    const b = tidy(() => variable(tensor([[3]])));
    const ema = new Ema({ a, b }, decay);
    const expected = [1, 2, 3];
    for (let step = 0; step < 40; step++) {
      const now = [Math.sin(step), step / 10, -step];
      const values = [tensor(now.slice(0, 2)), tensor([[now[2]!]])];
      a.assign(values[0]!);
      b.assign(values[1]!);
      const inputs = ema.inputs(step);
      ema.update(inputs);
      dispose([values, inputs]);
      const share = 1 - decay(step);
      expected.forEach((value, i) => (expected[i] = value + share * (now[i]! - value)));
    }
    const clone = tidy(() => ({ a: variable(tensor([0, 0])), b: variable(tensor([[0]])) }));
    ema.copyTo(clone);
    expectClose([...clone.a.dataSync(), ...clone.b.dataSync()], expected, 1e-5);
    const weights = ema.weights();
    expect(weights.b!.shape).toEqual([1, 1]);
    expectClose(weights.a!.dataSync(), expected.slice(0, 2), 1e-5);
    dispose([weights, clone, a, b]);
    ema.dispose();
    expect(memory().numTensors).toBe(before);
  });
});
