import { key, memory, tensor, useBackend, type Tensor } from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { beforeAll, expect, it } from "vitest";
import {
  eulerMaruyamaStep,
  gaussianDensity,
  langevinStep,
  metropolisLangevinStep,
  metropolisState,
  rowStates,
} from "./exact/index.ts";
import { tensorStates } from "./tensor-states.ts";

beforeAll(async () => {
  await useBackend();
});

const rows = rowStates(2);
const start = gaussianDensity([0, 0], 1).sample(key(1), 50);
const target = gaussianDensity(
  [1, -1],
  [
    [1, 0.5],
    [0.5, 0.6],
  ],
);
/** The exact target, for tensors. */
const onTensors = {
  logDensity: (x: Tensor): Tensor => tensor([...target.logDensity(x.dataSync<"float32">())]),
  score: (x: Tensor): Tensor => tensor([...target.score(x.dataSync<"float32">())], x.shape),
};

it("a Langevin step on tensors is the one on numbers, for images too", async () => {
  const exact = langevinStep(rows, start, target.score(start), 0.3, key(2));
  for (const shape of [
    [50, 2],
    [50, 1, 2, 1],
  ]) {
    const x = tensor([...start], shape);
    const score = tensor([...target.score(start)], shape);
    const next = langevinStep(tensorStates, x, score, 0.3, key(2));
    expect(next.shape).toEqual(shape);
    expectClose(await next.data(), exact, 1e-6);
  }
});

it("an Euler–Maruyama step on tensors is the one on numbers", async () => {
  const terms = { state: -0.4, score: 0.7, noise: 1.1 };
  const score = target.score(start);
  const exact = eulerMaruyamaStep(rows, terms, start, score, -0.1, key(3));
  const [x, s] = [start, score].map((each) => tensor([...each], [50, 2]));
  const next = eulerMaruyamaStep(tensorStates, terms, x!, s, -0.1, key(3));
  expectClose(await next.data(), exact, 1e-6);
  expect(() => eulerMaruyamaStep(rows, terms, start, undefined, 1, key(0))).toThrow(
    "eulerMaruyamaStep: score must be given",
  );
});

it("a Metropolis-adjusted step on tensors accepts the rows that the one on numbers does", async () => {
  const exact = metropolisLangevinStep(rows, target, metropolisState(target, start), 1.5, key(4));
  const x = tensor([...start], [50, 2]);
  const state = metropolisState(onTensors, x);
  const next = metropolisLangevinStep(tensorStates, onTensors, state, 1.5, key(4));
  expectClose(await next.x.data(), exact.x, 1e-5);
  expectClose(await next.logDensity.data(), exact.logDensity, 1e-5);
  expectClose(await next.score.data(), exact.score, 1e-5);
  const kept = exact.x.filter((value, i) => i % 2 === 0 && value === start[i]).length;
  expect(kept).toBeGreaterThan(5);
  expect(kept).toBeLessThan(45);
});

it("every operation leaves one tensor", () => {
  const [x, y] = [tensor([[1, 2]]), tensor([[3, 4]])];
  const ratio = tensor([0]);
  const before = memory().numTensors;
  tensorStates.combine([
    [2, x],
    [3, y],
  ]);
  tensorStates.normal(key(0), x);
  tensorStates.dot(x, y);
  tensorStates.accept(key(0), ratio, x, y);
  expect(memory().numTensors).toBe(before + 4);
});
