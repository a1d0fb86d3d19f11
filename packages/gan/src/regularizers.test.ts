import { Linear, load, state } from "@gen/nn";
import {
  add,
  dispose,
  key,
  memory,
  mul,
  reshape,
  sum,
  tanh,
  tensor,
  type Tensor,
  tidy,
  useBackend,
} from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import { differentiate } from "@gen/train";
import { fromTorch } from "@gen/nn";
import { beforeAll, describe, expect, test } from "vitest";
import { type Packed, unpack, weightsOf } from "../test/packed.ts";
import {
  consistency,
  dragan,
  type Game,
  gradientPenalty,
  lazily,
  r1,
  r2,
  type Regularizer,
  weightClipping,
} from "./index.ts";

const reference = fixture<{
  penalties: {
    weights: Record<string, Packed>;
    x: Packed;
    norms: number[];
    penalties: Record<"two" | "one" | "r1", { value: number; gradients: Record<string, Packed> }>;
  };
}>(import.meta.url, "../test/fixtures/parts.json").penalties;

beforeAll(async () => {
  await useBackend();
});

/** A game in which nothing but the discriminator's logits matters. */
const gameOf = (judge: (x: Tensor) => Tensor, real: Tensor, fake: Tensor = real): Game => ({
  judge: (x) => tidy(() => judge(x)),
  real,
  fake,
  labels: undefined,
  key: key(5),
  generator: { latents: 1, forward: (z) => z },
  discriminator: { forward: judge },
});
const valueOf = async (regularizer: Regularizer, game: Game): Promise<number> =>
  (await regularizer.discriminator!(game).data())[0] as number;

describe("values, and gradients in the weights of the critic, equal PyTorch's:", () => {
  const cases: [string, keyof typeof reference.penalties, Regularizer][] = [
    ["the two-sided gradient penalty", "two", gradientPenalty()],
    ["the one-sided gradient penalty", "one", gradientPenalty({ sides: "one" })],
    ["DRAGAN without noise", "two", dragan({ deviation: 0 })],
    ["R1", "r1", r1(10)],
    ["R2", "r1", r2(10)],
  ];
  test.each(cases)("%s", async (_, name, regularizer) => {
    const critic = [new Linear(key(0), 3, 4), new Linear(key(1), 4, 1)];
    load(critic, fromTorch(critic, weightsOf(reference.weights)));
    const judge = (x: Tensor): Tensor =>
      reshape(critic[1]!.forward(tanh(critic[0]!.forward(x))), [-1]);
    const { "1.bias": _bias, ...variables } = state(critic);
    // Real and generated points are the same, and so is what lies between.
    const game = gameOf(judge, unpack(reference.x));
    const { gradients, metrics } = differentiate(variables, () => ({
      loss: regularizer.discriminator!(game),
    }));
    const expected = reference.penalties[name];
    expectClose(await metrics["loss"]!.data(), [expected.value], 1e-5, "value");
    const wanted = fromTorch(critic, weightsOf(expected.gradients));
    for (const [parameter, gradient] of Object.entries(gradients)) {
      expectClose(await gradient.data(), wanted[parameter]!.data, 1e-4, parameter);
    }
  });
  test("the norms of the critic lie on both sides of 1", () => {
    expect(Math.min(...reference.norms)).toBeLessThan(1);
    expect(Math.max(...reference.norms)).toBeGreaterThan(1);
  });
});

describe("of a linear critic D(x) = a·x", () => {
  const a = [0.6, -1.2, 0.4]; // of length 1.4
  const judge = (x: Tensor): Tensor => sum(mul(x, tensor(a)), 1);
  const game = () =>
    gameOf(
      judge,
      tensor([
        [1, 2, 3],
        [0, -1, 5],
      ]),
      tensor([
        [4, 0, 1],
        [2, 2, 2],
      ]),
    );

  test("gradient penalties are λ(‖a‖ − target)² wherever they are taken", async () => {
    for (const make of [gradientPenalty, dragan]) {
      expect(await valueOf(make({ weight: 10 }), game())).toBeCloseTo(10 * 0.4 ** 2, 4);
      expect(await valueOf(make({ weight: 3, target: 2 }), game())).toBeCloseTo(3 * 0.6 ** 2, 4);
      expect(await valueOf(make({ target: 2, sides: "one" }), game())).toBe(0);
    }
  });
  test("R1 and R2 are γ/2 ‖a‖²", async () => {
    for (const make of [r1, r2]) expect(await valueOf(make(4), game())).toBeCloseTo(2 * 1.96, 4);
  });
  test("consistency under x → x + c is λ(a·c)², of real and generated points apart", async () => {
    const shift = (x: Tensor): Tensor => add(x, tensor([1, 0, 1])); // a·c = 1
    expect(await valueOf(consistency(shift), game())).toBeCloseTo(20, 3);
    expect(await valueOf(consistency(shift, { real: 3, fake: 0 }), game())).toBeCloseTo(3, 4);
  });
  test("lazily, a regulariser is as many times as strong", async () => {
    const lazy = lazily(r1(4), 16);
    expect(lazy.every).toBe(16);
    expect(await valueOf(lazy, game())).toBeCloseTo(16 * 2 * 1.96, 3);
  });
  test("none leaves tensors", () => {
    const given = game();
    const before = memory().numTensors;
    for (const regularizer of [
      gradientPenalty(),
      dragan(),
      r1(),
      r2(),
      consistency((x) => add(x, 1)),
    ]) {
      dispose(regularizer.discriminator!(given));
    }
    expect(memory().numTensors).toBe(before);
  });
});

test("R1 and R2 differ where real and generated points do", async () => {
  // D(x) = x²/2 has the gradient x.
  const game = gameOf((x) => sum(mul(0.5, mul(x, x)), 1), tensor([[1], [3]]), tensor([[2], [0]]));
  expect(await valueOf(r1(2), game)).toBeCloseTo(5, 5);
  expect(await valueOf(r2(2), game)).toBeCloseTo(2, 5);
});

test("weight clipping cuts parameters to the limit", async () => {
  const layer = new Linear(key(0), 2, 1);
  load(layer, {
    weight: { shape: [2, 1], data: Float32Array.of(0.5, -0.02) },
    bias: { shape: [1], data: Float32Array.of(-3) },
  });
  weightClipping(0.1).project!(state(layer));
  expectClose(await layer.weight.data(), [0.1, -0.02], 1e-6);
  expectClose(await layer.bias!.data(), [-0.1], 1e-6);
});

test.each<[() => unknown, string]>([
  [
    () => gradientPenalty({ weight: -1 }),
    "gradientPenalty: weight must be a finite number of at least 0, got -1",
  ],
  [
    () => dragan({ deviation: Number.NaN }),
    "dragan: deviation must be a finite number of at least 0, got NaN",
  ],
  [() => r1(-2), "r1: gamma must be a finite number of at least 0, got -2"],
  [() => weightClipping(0), "weightClipping: limit must be positive, got 0"],
  [() => lazily(r1(), 1.5), "lazily: every must be a positive integer, got 1.5"],
  [
    () => consistency((x) => x, { fake: -1 }),
    "consistency: fake must be a finite number of at least 0, got -1",
  ],
])("bad numbers are refused: %#", (make, message) => {
  expect(make).toThrow(message);
});
