import { parameters } from "@gen/nn";
import {
  add,
  concat,
  dispose,
  foldIn,
  key,
  memory,
  mul,
  normal,
  tensor,
  type Tensor,
  tidy,
  useBackend,
} from "@gen/tensor";
import { adam, linear, type Trainee, trainStep } from "@gen/train";
import { expectClose, fixture } from "@gen/testing";
import { beforeAll, expect, test } from "vitest";
import { trained } from "@gen/training-tests";
import { klOfGaussians, ladderElbo, ladderLoss, LadderVAE, scheduled } from "./index.ts";
import { joined } from "./ladder-vae.ts";

type Rows = number[][];
const { gaussianKl } = fixture<{ gaussianKl: { p: [Rows, Rows]; q: [Rows, Rows]; kl: number[] } }>(
  import.meta.url,
  "../test/fixtures/vae-family.json",
);

beforeAll(async () => {
  await useBackend();
});

test("the divergence of two diagonal Gaussians is PyTorch's", async () => {
  const [p, q] = [gaussianKl.p, gaussianKl.q].map(([mean, logVariance]) => ({
    mean: tensor(mean),
    logVariance: tensor(logVariance),
  }));
  expectClose(await klOfGaussians(p!, q!).data(), gaussianKl.kl, 1e-5);
});

test("two estimates are joined as a product of densities: N(1, 1)·N(4, 1/2) is N(3, 1/3)", () => {
  const estimate = (m: number, v: number): { mean: Tensor; logVariance: Tensor } => ({
    mean: tensor([[m]]),
    logVariance: tensor([[Math.log(v)]]),
  });
  const { mean, logVariance } = joined(estimate(1, 1), estimate(4, 0.5));
  expect(mean.dataSync()[0]).toBeCloseTo(3, 5);
  expect(Math.exp(logVariance.dataSync()[0]!)).toBeCloseTo(1 / 3, 5);
});

const config = {
  dataShape: [3],
  latents: [2, 1],
  hidden: [16, 8],
  likelihood: "gaussianWithVariance",
} as const;

test("the bound of a linear hierarchy is at most log p(x), and equals it at its exact posterior", async () => {
  // z₂ ~ N(0, 1), z₁ | z₂ ~ N(z₂, 1), x | z₁ ~ N(z₁, 1): p(x) = N(0, 3), z₂ | x ~ N(x/3, 2/3). The ladder's estimates
  // are free of z₂: at level one x with variance 1, which the prior N(z₂, 1) turns into the exact N((x + z₂)/2, 1/2).
  const model = new LadderVAE(key(1), {
    dataShape: [1],
    latents: [1, 1],
    hidden: [1, 1],
    likelihood: { name: "gaussian", variance: 1 },
  });
  const given = (mean: number, variance: number) => ({
    forward: (x: Tensor) =>
      tidy(() => concat([mul(x, mean), add(mul(x, 0), Math.log(variance))], 1)),
  });
  const x = tensor(Array.from({ length: 20_000 }, () => [1.3]));
  const bound = async (slope: number): Promise<number> => {
    const exact = {
      ...model,
      encode: model.encode,
      prior: (_level: number, z: Tensor) => ({ mean: z, logVariance: mul(z, 0) }),
      up: [{ forward: () => x }, { forward: () => x }],
      estimates: [
        { forward: () => given(1, 1).forward(x) },
        { forward: () => given(slope, 2 / 3).forward(x) },
      ],
      decoder: { forward: (z: Tensor) => mul(z, 1) },
    } as unknown as LadderVAE;
    const { elbo } = ladderElbo({ model: exact, images: x, key: key(2) });
    const each = Array.from(await elbo.data());
    return each.reduce((total, v) => total + v, 0) / each.length;
  };
  const exact = -0.5 * (1.3 ** 2 / 3 + Math.log(2 * Math.PI * 3));
  expect(Math.abs((await bound(1 / 3)) - exact)).toBeLessThan(0.02);
  // Off by 1/3 of x = 0.433 in the mean: less by 0.433²/(2·2/3).
  expect(Math.abs((await bound(2 / 3)) - exact + (1.3 / 3) ** 2 * 0.75)).toBeLessThan(0.03);
});

test("samples and losses have their shapes and leak nothing", () => {
  const model = new LadderVAE(key(1), config);
  const images = normal(key(2), [8, 3]);
  const before = memory().numTensors;
  const losses = ladderLoss({ model, images, key: key(3) });
  expect(Object.keys(losses)).toEqual(["loss", "reconstruction", "kl", "kl1", "kl2"]);
  expect(memory().numTensors).toBe(before + 5);
  const bound = ladderElbo({ model, images, key: key(3) });
  expect(memory().numTensors).toBe(before + 10);
  const drawn = model.sample(key(4), [6]);
  expect(drawn.shape).toEqual([6, 3]);
  expect(memory().numTensors).toBe(before + 11);
  const number = (t: Tensor): number => t.dataSync()[0]!;
  expect(number(losses["kl1"]!) + number(losses["kl2"]!)).toBeCloseTo(number(losses.kl), 4);
  dispose([losses, bound, drawn]);
});

test("levels that do not match are refused", () => {
  expect(() => new LadderVAE(key(1), { ...config, hidden: [4] })).toThrow(
    "LadderVAE: latents and hidden must name as many levels, at least one, got [2, 1] and [4]",
  );
});

const points = (step: number): { images: Tensor } => ({
  images: tidy(() => {
    const z = normal(foldIn(key(9), step), [64, 1]);
    return concat([z, mul(z, -2), add(mul(z, z), 1)], 1);
  }),
});

test("training raises the bound, resumes to the bit, and keeps memory flat", async () => {
  const made = (): { model: LadderVAE; trainee: Trainee } => {
    const model = new LadderVAE(key(1), config);
    const trainee = trainStep({
      parameters: parameters(model),
      loss: ({ images, beta }, k) => ladderLoss({ model, images: images!, key: k, beta: beta! }),
      optimizer: adam({ learningRate: 0.01 }),
    });
    return {
      model,
      trainee: scheduled(trainee, { beta: linear({ from: 0.1, to: 1, steps: 20 }) }),
    };
  };
  const { metrics } = await trained(made, { data: points, steps: 100, stop: 30 });
  expect(metrics.at(-1)!["loss"]).toBeLessThan(metrics[0]!["loss"]! - 0.5);
});
