import { beforeAll, expect, test } from "vitest";
import { exp, grad, key, linspace, memory, stack, sum, tensor, useBackend } from "@gen/tensor";
import { expectClose, fixture } from "@gen/testing";
import {
  bitsPerDimension,
  categoricalDistribution,
  colorLogisticMixture,
  discretizedLogistic,
  logProbabilities,
  mixture,
} from "./index.ts";

interface Reference {
  discretized: {
    loc: number;
    logScale: number;
    levels: number[];
    logProb: number[];
    mean: number;
    variance: number;
  }[];
  color: {
    parameters: { shape: number[]; data: number[] };
    pixels: number[][];
    logProb: number[];
  };
}
const reference = fixture<Reference>(import.meta.url, "../test/fixtures/distributions.json");
const level = (k: number): number => k / 127.5 - 1;

beforeAll(async () => {
  await useBackend();
});

test.each(reference.discretized)(
  "the masses at loc $loc, log-scale $logScale are exact, however far in the tails",
  async ({ loc, logScale, levels, logProb, mean, variance }) => {
    const d = discretizedLogistic(loc, logScale);
    const got = await d.logProb(tensor(levels.map(level))).data();
    // Each by itself: the largest is a thousand nats.
    for (const [i, value] of logProb.entries()) {
      expect(Math.abs(got[i]! - value)).toBeLessThan(1e-5 + 2e-6 * Math.abs(value));
    }
    expectClose(await d.mean().data(), [mean], 1e-4);
    expectClose(await d.variance().data(), [variance], 1e-3);
  },
);

test("the masses of all 256 levels sum to 1", async () => {
  const all = linspace(-1, 1, 256);
  const total = sum(exp(discretizedLogistic(0.1, -2).logProb(all)));
  expect((await total.data())[0]).toBeCloseTo(1, 5);
  const mixed = mixture(logProbabilities([0.25, 0.75]), discretizedLogistic([-0.9, 0.4], [-4, -1]));
  expect((await sum(exp(mixed.logProb(all))).data())[0]).toBeCloseTo(1, 5);
});

test("the masses of all colours sum to 1", async () => {
  const levels = 6;
  const parameters = tensor(reference.color.parameters.data.slice(0, 20));
  const d = colorLogisticMixture(parameters, { levels });
  const colors = Array.from({ length: levels ** 3 }, (_, i) =>
    [i % levels, Math.floor(i / levels) % levels, Math.floor(i / levels ** 2)].map(
      (k) => (2 * k) / (levels - 1) - 1,
    ),
  );
  const masses = exp(d.logProb(tensor(colors)));
  expect((await sum(masses).data())[0]).toBeCloseTo(1, 5);
  // And draws are these colours, with these frequencies.
  const n = 20000;
  const draws = await d.sample(key(0), [n]).data();
  const counts = new Float64Array(colors.length);
  for (let i = 0; i < n; i++) {
    const [r, g, b] = [0, 1, 2].map((c) => ((draws[3 * i + c]! + 1) / 2) * (levels - 1));
    const index = r! + levels * g! + levels ** 2 * b!;
    expect(Math.abs(index - Math.round(index))).toBeLessThan(1e-3);
    counts[Math.round(index)]!++;
  }
  let chiSquared = 0;
  let cells = 0;
  for (const [i, mass] of (await masses.data()).entries()) {
    if (mass * n < 10) continue;
    chiSquared += (counts[i]! - mass * n) ** 2 / (mass * n);
    cells++;
  }
  expect(cells).toBeGreaterThan(20);
  expect(chiSquared).toBeLessThan(cells + 4 * Math.sqrt(2 * cells));
});

test("colours have the log-mass of the paper's equations", async () => {
  const { parameters, pixels, logProb } = reference.color;
  const d = colorLogisticMixture(tensor(parameters.data, parameters.shape));
  const got = d.logProb(tensor(pixels.map((pixel) => pixel.map(level))));
  for (const [i, value] of (await got.data()).entries()) {
    expect(Math.abs(value - logProb[i]!)).toBeLessThan(1e-4);
  }
});

test("gradients stay finite and right where the mass is 1 in e^1000", async () => {
  // Far below, log P falls with slope 1/scale in the mean.
  const gradient = grad((loc) => sum(discretizedLogistic(loc, -7).logProb(tensor(-0.5))));
  expectClose(await gradient(tensor(0.6)).data(), [-Math.exp(7)], 1e-5);
  const wide = grad((s) => sum(discretizedLogistic(0.2, s).logProb(tensor(0))));
  const at = async (s: number): Promise<number> =>
    (await discretizedLogistic(0.2, s).logProb(tensor(0)).data())[0]!;
  const difference = ((await at(-0.45)) - (await at(-0.55))) / 0.1;
  expectClose(await wide(tensor(-0.5)).data(), [difference], 1e-3);
});

test("the uniform distribution of bytes costs 8 bits per dimension", async () => {
  const bytes = categoricalDistribution(new Array(256).fill(0));
  const logP = (await bytes.logProb(tensor(17)).data())[0]!;
  expect(bitsPerDimension(logP, 1)).toBeCloseTo(8, 5);
  // And the uniform density on [−1, 1], with its levels 2/256 apart.
  expect(bitsPerDimension(10 * Math.log(0.5), 10, { binWidth: 2 / 256 })).toBeCloseTo(8, 12);
});

test("colours free all but their results", async () => {
  const parameters = tensor(reference.color.parameters.data, [3, 20]);
  const d = colorLogisticMixture(parameters);
  const x = d.sample(key(0));
  await x.data();
  const before = memory().numTensors;
  for (const make of [() => d.logProb(x), () => d.sample(key(1), [2])]) {
    const made = make();
    await made.data();
    made.dispose();
  }
  expect(memory().numTensors).toBe(before);
});

test("bad layouts are refused in one sentence", () => {
  expect(() => discretizedLogistic(0, 0, { levels: 1 })).toThrow("levels must be an integer");
  expect(() => colorLogisticMixture(tensor([1, 2, 3]))).toThrow("must be [..., 10·K]");
  const d = colorLogisticMixture(stack([tensor(new Array(20).fill(0))]));
  expect(() => d.logProb(tensor([[0, 0]]))).toThrow("must end in the event shape [3]");
});
