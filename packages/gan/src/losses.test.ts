import {
  divergenceOnGrid,
  gaussian,
  ganValue,
  jensenShannon,
  optimalDiscriminatorLogit,
} from "@gen/probability";
import { dispose, grad, memory, neg, tensor, type Tensor, useBackend } from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { type Packed, unpack } from "../test/packed.ts";
import { adversarialLosses, type AdversarialLossName, minimax } from "./index.ts";

interface Player {
  value: number;
  gradients: [number[] | null, number[] | null];
}
const reference = fixture<{
  losses: {
    real: Packed;
    fake: Packed;
    losses: Record<AdversarialLossName, Record<"discriminator" | "generator", Player>>;
  };
}>(import.meta.url, "../test/fixtures/parts.json").losses;

beforeAll(async () => {
  await useBackend();
});

const names = Object.keys(adversarialLosses) as AdversarialLossName[];

describe.each(names)("the %s loss", (name) => {
  const loss = adversarialLosses[name];

  test("has the name that it is listed by", () => expect(loss.name).toBe(name));

  test("and its gradients of any logits equal PyTorch's", async () => {
    const [real, fake] = [unpack(reference.real), unpack(reference.fake)];
    const check = async (
      player: "discriminator" | "generator",
      f: (real: Tensor, fake: Tensor) => Tensor,
    ): Promise<void> => {
      const { value, gradients } = reference.losses[name][player];
      expectClose(await f(real, fake).data(), [value], 1e-5, player);
      const slopes = [
        gradients[0] && grad((r: Tensor) => f(r, fake))(real),
        grad((l: Tensor) => f(real, l))(fake),
      ];
      for (const [i, slope] of slopes.entries()) {
        if (slope)
          expectClose(await slope.data(), gradients[i] as number[], 1e-5, `${player} ${i}`);
      }
    };
    await check("discriminator", (r, f) => loss.discriminator(r, f));
    await check("generator", (r, f) => loss.generator(f, () => r));
  });

  test("leaves no tensors", () => {
    const [real, fake] = [unpack(reference.real), unpack(reference.fake)];
    const before = memory().numTensors;
    dispose([loss.discriminator(real, fake), loss.generator(fake, () => real.clone())]);
    expect(memory().numTensors).toBe(before);
  });
});

test("at logits of 0 the losses are what theory says", async () => {
  const zero = tensor([0, 0, 0]);
  const expected: Record<AdversarialLossName, [number, number]> = {
    minimax: [2 * Math.LN2, -Math.LN2],
    "non-saturating": [2 * Math.LN2, Math.LN2],
    "least-squares": [0.5, 0.5],
    hinge: [2, 0],
    wasserstein: [0, 0],
    relativistic: [Math.LN2, Math.LN2],
  };
  for (const name of names) {
    const { discriminator, generator } = adversarialLosses[name];
    expect((await discriminator(zero, zero).data())[0], name).toBeCloseTo(expected[name][0], 6);
    expect((await generator(zero, () => zero).data())[0], name).toBeCloseTo(expected[name][1], 6);
  }
});

test("minimax's discriminator has minus the value of the game, at the best one 2 JSD − 2 ln 2", async () => {
  // p = N(0, 1), q = N(1, 1); midpoints of equal probability stand for samples.
  const [p, q] = [gaussian(0, 1), gaussian(1, 1)];
  const quantiles = (name: "p" | "q"): Tensor =>
    tensor(normalQuantiles(4000, name === "q" ? 1 : 0));
  const [real, fake] = (["p", "q"] as const).map((name) =>
    optimalDiscriminatorLogit(p, q, quantiles(name)),
  ) as [Tensor, Tensor];
  const value = (await neg(minimax.discriminator(real, fake)).data())[0] as number;
  expect(value).toBeCloseTo(-1.163451396750418, 3);
  expect(value).toBeCloseTo((await ganValue(real, fake).data())[0] as number, 6);
  const half = await optimalDiscriminatorLogit(p, q, tensor([0])).data();
  expect(1 / (1 + Math.exp(-(half[0] as number)))).toBeCloseTo(0.6224593312018546, 6);
  const divergence = divergenceOnGrid(jensenShannon, p, q, { low: -10, high: 11, points: 4001 });
  expect(value).toBeCloseTo(2 * ((await divergence.data())[0] as number) - 2 * Math.LN2, 3);
});

/** (i + ½)/n-quantiles of N(mean, 1), by bisection of the integral of the density. */
function normalQuantiles(count: number, mean: number): number[] {
  const step = 1e-3;
  const found: number[] = [];
  let cumulated = 0;
  for (let x = -8; x < 8 && found.length < count; x += step) {
    cumulated += (step * Math.exp(-0.5 * (x + step / 2) ** 2)) / Math.sqrt(2 * Math.PI);
    while (found.length < count && cumulated >= (found.length + 0.5) / count)
      found.push(mean + x + step / 2);
  }
  return found;
}
