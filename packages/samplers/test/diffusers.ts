import {
  betaPath,
  type BetaPath,
  linearBetas,
  type Path,
  type Prediction,
  predictionConversion,
  tableGrid,
} from "@gen/schedules";
import { key } from "@gen/tensor";
import { fixture } from "@gen/testing";
import { expect } from "vitest";
import type { Evaluator, Sampler } from "../src/index.ts";
import { arrayEvaluator, type Points } from "./array-evaluator.ts";
import { run } from "./measured-order.ts";
import { TorchGenerator } from "./torch-generator.ts";

// The sums of |x| that the tests of diffusers assert, or that its schedulers give: the sample is a ramp, the model is
// x·t/(t + 1). Here all is float64; there float32.

/** A batch of 4, which is the last axis in memory. */
export const rampOf = (count: number): Points =>
  Float64Array.from({ length: count }, (_, i) => {
    const [batch, rest] = [Math.floor((4 * i) / count), i % (count / 4)];
    return (rest * 4 + batch) / count;
  });
export const ramp: Points = rampOf(768);
export const flipped: Points = ramp.map((_, i) => {
  const [batch, rest] = [Math.floor(i / 192), i % 192];
  return (767 - (rest * 4 + batch)) / 768;
});
export const dummy = (x: Points, t: number): Points => x.map((v) => (v * t) / (t + 1));
export const sum = (x: Points): number => x.reduce((total, v) => total + Math.abs(v), 0);

export interface Model {
  path: Path;
  prediction: Prediction;
  /** The raw prediction at a time of the path. */
  raw: (x: Points, t: number) => Points;
  clip?: boolean;
  seed?: number;
}

export function evaluatorOf({
  path,
  prediction,
  raw,
  clip = false,
  seed = 0,
}: Model): Evaluator<Points> {
  const base = arrayEvaluator(path, (x) => x);
  const generator = new TorchGenerator(seed);
  const predict: Evaluator<Points>["predict"] = (x, t, wanted) => {
    const from = raw(x, t);
    const convert = (given: Points, kind: Prediction, to: Prediction): Points => {
      const { input, prediction: factor } = predictionConversion(path, t, kind, to);
      return given.map((p, i) => input * x[i]! + factor * p);
    };
    if (!clip) return convert(from, prediction, wanted);
    const data = convert(from, prediction, "data").map((d) => Math.max(-1, Math.min(1, d)));
    return wanted === "data" ? data : convert(data, "data", wanted);
  };
  return { ...base, predict, normal: (like) => generator.randn(like.length) };
}

export const solve = (model: Model, sampler: Sampler, x: Points = ramp): Points =>
  run(sampler, evaluatorOf(model), { index: 0, x, key: key(0) }).x;

export const finish = (model: Model, sampler: Sampler, x: Points = ramp): number =>
  sum(solve(model, sampler, x));

export function expectGolden(found: number, golden: number, tolerance = 1e-4): void {
  expect(Math.abs(found / golden - 1), `${found} is not ${golden}`).toBeLessThan(tolerance);
}

interface Reference {
  readonly places: readonly number[];
  readonly solvers: Readonly<Record<string, Solved>>;
  /** Increments of torchsde's Brownian tree between noise levels, over the root of their distance. */
  readonly increments: Readonly<Record<string, readonly Increment[]>>;
}

interface Increment {
  readonly from: number;
  readonly to: number;
  readonly elements: readonly number[];
}

interface Solved {
  readonly sum: number;
  readonly elements: readonly number[];
}

/** What `tooling/reference/samplers.py` computes in float64, from the formulas and PyTorch's generator. */
export const reference: Reference = fixture(import.meta.url, "./fixtures/solvers.json");

/** The sum and single elements are the reference's. */
export function expectSolved(found: Points, name: string, tolerance = 1e-5): void {
  const { sum: total, elements } = reference.solvers[name] as Solved;
  expectGolden(sum(found), total, tolerance);
  elements.forEach((element, i) => {
    const error = Math.abs(found[reference.places[i] as number]! - element);
    expect(error, `element ${reference.places[i]}`).toBeLessThan(
      tolerance * (1 + Math.abs(element)),
    );
  });
}

export const table: BetaPath = betaPath(linearBetas());
/** A model on the table; v is diffusers' a·ε - b·data. */
export const onTable = (path: Path, v = false, clip = false): Model => ({
  path,
  prediction: v ? "data" : "noise",
  clip,
  raw: (x, t) => {
    const out = dummy(x, t - 1);
    return v ? out.map((o, i) => path.a(t) * x[i]! - path.b(t) * o) : out;
  },
});
export const leading: number[] = tableGrid(1000, 10, "leading");
