import { broadcastTo, key, memory, tensor, tidy, useBackend } from "@gen/tensor";
import { beforeAll, expect, test } from "vitest";
import { type LikelihoodConfig, likelihoodOf } from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

const COUNT = 40_000;

// What a network gives for one number, and mean and variance of that number, worked out by hand.
const cases: [LikelihoodConfig, number[], number, number][] = [
  ["bernoulli", [Math.log(3)], 0.75, 0.1875],
  [{ name: "gaussian", variance: 0.25 }, [0.3], 0.3, 0.25],
  ["gaussianWithVariance", [-1, Math.log(0.16)], -1, 0.16],
  // Three levels −1, 0, 1 around 0 with scale ¼: the ends have σ(−½/¼) = 0.1192 each.
  [{ name: "discretizedLogistic", levels: 3 }, [0, Math.log(0.25)], 0, 0.2384],
];

test.each(cases)(
  "draws of the likelihood %j have its mean and variance",
  async (config, numbers, mean, variance) => {
    const likelihood = likelihoodOf(config);
    const outputs = tidy(() => broadcastTo(tensor([numbers]), [COUNT, numbers.length]));
    const before = memory().numTensors;
    const drawn = likelihood.sample(outputs, key(1));
    expect(memory().numTensors).toBe(before + 1);
    expect(drawn.shape).toEqual([COUNT, 1]);
    const values = Array.from(await drawn.data());
    const found = values.reduce((a, b) => a + b) / COUNT;
    const spread = values.reduce((total, v) => total + (v - found) ** 2, 0) / COUNT;
    expect(Math.abs(found - mean)).toBeLessThan(0.01);
    expect(Math.abs(spread - variance)).toBeLessThan(0.01);
    const expected = likelihood.mean(outputs);
    expect((await expected.data())[0]).toBeCloseTo(mean, 5);
  },
);
