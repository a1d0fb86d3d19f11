import { state } from "@gen/nn";
import { tractable } from "@gen/probability";
import {
  add,
  concat,
  grad,
  key,
  memory,
  normal,
  slice,
  sum,
  type Tensor,
  tensor,
  tidy,
  useBackend,
} from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { MaskedMixture, maskedAutoregressiveFlow, NormalizingFlow } from "./index.ts";
import { stirred } from "../test/stirred.ts";

beforeAll(async () => {
  await useBackend();
});

const mixtures = (["given", "reversed"] as const).map(
  (order) => [order, { features: 2, hidden: [16, 16], components: 3, order }] as const,
);

/** Points of a square grid from −16 to 16 in both directions, and the area that each stands for. */
const SIDE = 401;
const at = (i: number): number => -16 + (32 * i) / (SIDE - 1);
const grid = Array.from({ length: SIDE * SIDE }, (_, i) => [
  at(i % SIDE),
  at(Math.floor(i / SIDE)),
]);
const AREA = (32 / (SIDE - 1)) ** 2;

describe.each(mixtures)("a masked mixture, features %s", (_order, config) => {
  test("has a density whose integral is 1, and draws as many on each side as it says", async () => {
    const model = stirred(new MaskedMixture(key(1), config), 0.2);
    const before = memory().numTensors;
    const points = tensor(grid);
    const log = model.logProb(points);
    expect(memory().numTensors).toBe(before + 2);
    const density = Array.from(await log.data(), Math.exp);
    const mass = (inside: (x: number, y: number) => boolean): number =>
      density.reduce((total, p, i) => (inside(grid[i]![0]!, grid[i]![1]!) ? total + p : total), 0) *
      AREA;
    expect(mass(() => true)).toBeCloseTo(1, 3);

    const drawn = model.sample(key(3), [20, 1000]);
    expect(drawn.shape).toEqual([20, 1000, 2]);
    const numbers = await drawn.data();
    // Each quarter but none on a grid point; 20,000 draws are within 0.01 of their share.
    for (const [sx, sy] of [
      [1, 1],
      [1, -1],
      [-1, 1],
      [-1, -1],
    ] as const) {
      const inside = (x: number, y: number): boolean => sx * (x - 0.04) > 0 && sy * (y - 0.04) > 0;
      let found = 0;
      for (let i = 0; i < numbers.length; i += 2) {
        if (inside(numbers[i] as number, numbers[i + 1] as number)) found++;
      }
      expect(Math.abs(found / 20_000 - mass(inside))).toBeLessThan(0.015);
    }
    expect(tractable(model)).toEqual(["density", "samples"]);
  });
});

test("a masked mixture starts as components side by side, whatever the features before say", async () => {
  const config = { features: 2, hidden: [8], components: 4, order: "given" } as const;
  const log = new MaskedMixture(key(1), config).logProb(tensor([[0.3, -1.2]]));
  // Means −1.5, −0.5, 0.5, 1.5, each of deviation 1 and weight ¼.
  const one = (x: number): number =>
    [-1.5, -0.5, 0.5, 1.5].reduce((total, m) => total + Math.exp(-0.5 * (x - m) ** 2) / 4, 0) /
    Math.sqrt(2 * Math.PI);
  expectClose(await log.data(), [Math.log(one(0.3)) + Math.log(one(-1.2))], 1e-5);
});

test("the density of a number in a masked mixture depends on all before it, and on none after", () => {
  const config = { features: 4, hidden: [16, 16], components: 2, order: "given" } as const;
  const model = stirred(new MaskedMixture(key(1), config), 1);
  const x = normal(key(2), [1, 4]);
  // log p(x_3 | x_<3) alone has the last number in it.
  const last = tidy(() => grad((y) => model.logProb(y))(x)).dataSync();
  expect(Array.from(last).every((v) => v !== 0)).toBe(true);
  const parameters = (y: Tensor, i: number): Tensor =>
    sum(concat(model.network.forward(y).map((p) => slice(p, [0, i], [1, 1]))));
  for (let i = 0; i < 4; i++) {
    const row = tidy(() => grad((y) => parameters(y, i))(x)).dataSync();
    expect(Array.from(row, (v) => v !== 0)).toEqual([0, 1, 2, 3].map((j) => j < i));
  }
});

test("a flow on a masked mixture has its density, moved by the flow, and its draws", async () => {
  const config = { features: 3, layers: 2, hidden: [8], components: 2 };
  const model = stirred(maskedAutoregressiveFlow(key(1), config));
  const base = model.base as MaskedMixture;
  expect(base).toBeInstanceOf(MaskedMixture);
  const x = normal(key(2), [5, 3]);
  const { value, logDeterminant } = model.forward(x);
  const expected = add(base.logProb(value), logDeterminant);
  expectClose(await model.logProb(x).data(), await expected.data(), 1e-4);
  const drawn = model.sample(key(4), [6]);
  const again = model.inverse(base.sample(key(4), [6])).value;
  expectClose(await drawn.data(), await again.data(), 1e-5);
  // Its weights are the flow's own: trained and saved with the rest.
  expect(Object.keys(state(model)).some((name) => name.startsWith("base.network."))).toBe(true);
  expect(new NormalizingFlow(3, model.layers).base).not.toBe(base);
});

test("a masked mixture refuses a number of components that is none", () => {
  expect(
    () => new MaskedMixture(key(1), { features: 2, hidden: [], components: 0, order: "given" }),
  ).toThrow("MaskedMixture: components must be a whole number of 1 or more, got 0");
});
