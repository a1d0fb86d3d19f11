import {
  key,
  memory,
  mul,
  sin,
  square,
  sum,
  tensor,
  tidy,
  useBackend,
  type Tensor,
} from "@gen/tensor";
import { add, dispose, grad, matMul, split } from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { divergence, hutchinsonDivergence } from "./divergence.ts";

beforeAll(async () => {
  await useBackend();
});

const matrix = [
  [0.5, -1, 2],
  [0.3, 1.5, -0.7],
  [1.1, 0.2, -0.4],
];
const points = [
  [0.1, -0.5, 2],
  [1.2, 0.4, -0.3],
];

/** x·A + sin(x) ∘ x; its divergence is tr A + Σ (sin x + x·cos x). */
const field = (x: Tensor): Tensor => add(matMul(x, tensor(matrix)), mul(sin(x), x));
const exact = points.map((row) =>
  row.reduce((total, x) => total + Math.sin(x) + x * Math.cos(x), 0.5 + 1.5 - 0.4),
);

it("the divergence of a field on points is the trace of its Jacobian", async () => {
  const { value, divergence: trace } = divergence(field, tensor(points));
  expectClose(await trace.data(), exact, 1e-5);
  expectClose(await value.data(), await field(tensor(points)).data(), 1e-6);
});

it("the divergence of images sums over all their numbers", async () => {
  const x = tensor(points.flat(), [1, 3, 2, 1]);
  const { divergence: trace } = divergence((p) => mul(square(p), p), x);
  expect(trace.shape).toEqual([1]);
  expectClose(await trace.data(), [3 * points.flat().reduce((s, p) => s + p * p, 0)], 1e-5);
});

it("on a line the divergence is the derivative", async () => {
  const { divergence: trace } = divergence((p) => sin(p), tensor([[0.3], [-2]]));
  expectClose(await trace.data(), [Math.cos(0.3), Math.cos(-2)], 1e-6);
});

it("the divergence can be differentiated again", async () => {
  // ∇ Σ (sin x + x·cos x) = 2·cos x - x·sin x
  const gradient = grad((x) => sum(divergence(field, x).divergence))(tensor(points));
  const expected = points.flat().map((x) => 2 * Math.cos(x) - x * Math.sin(x));
  expectClose(await gradient.data(), expected, 1e-5);
});

describe.each(["rademacher", "gaussian"] as const)("Hutchinson's estimate, %s", (kind) => {
  it("has the exact divergence as its mean, within five standard errors", async () => {
    const repeats = 4000;
    const x = tensor(Array.from({ length: repeats }, () => points[0] as number[]));
    const { divergence: trace } = hutchinsonDivergence(field, x, key(3), kind);
    const estimates = Array.from(await trace.data());
    const mean = estimates.reduce((a, b) => a + b) / repeats;
    const variance = estimates.reduce((s, e) => s + (e - mean) ** 2, 0) / (repeats - 1);
    expect(variance).toBeGreaterThan(0.1);
    expect(Math.abs(mean - exact[0]!)).toBeLessThan(5 * Math.sqrt(variance / repeats));
  });

  it("is the same for the same key and another for another", async () => {
    const [one, two] = split(key(5));
    const at = (k: typeof one) => hutchinsonDivergence(field, tensor(points), k, kind).divergence;
    const first = await at(one).data();
    expect(await at(one).data()).toEqual(first);
    expect(await at(two).data()).not.toEqual(first);
  });
});

it("signs are exact where the Jacobian is diagonal", async () => {
  const cube = (x: Tensor): Tensor => mul(square(x), x);
  const { divergence: trace } = hutchinsonDivergence(cube, tensor(points), key(1));
  expectClose(
    await trace.data(),
    points.map((row) => row.reduce((s, x) => s + 3 * x * x, 0)),
    1e-5,
  );
});

it("leaves nothing but its two results", () => {
  const x = tensor(points);
  const weights = tensor(matrix);
  const linear = (p: Tensor): Tensor => tidy(() => matMul(mul(p, p), weights));
  const before = memory().numTensors;
  const results = [divergence(linear, x), hutchinsonDivergence(linear, x, key(1))];
  expect(memory().numTensors).toBe(before + 4);
  for (const { value, divergence: trace } of results) dispose([value, trace]);
  expect(memory().numTensors).toBe(before);
});

describe("refused with one sentence:", () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      "numbers without a batch",
      () => divergence((x) => x, tensor([1, 2])),
      /divergence: x must be points \[batch, …\], at least one, got \[2\]/,
    ],
    [
      "a field that changes the shape",
      () => hutchinsonDivergence((x) => sum(x, 1), tensor(points), key(1)),
      /hutchinsonDivergence: field must return the shape of x, \[2, 3\], got \[2\]/,
    ],
    [
      "another kind of direction",
      () => hutchinsonDivergence((x) => x, tensor(points), key(1), "uniform" as never),
      /kind must be "rademacher" or "gaussian", got "uniform"/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
