import { rectifiedFlow, uniformGrid } from "@gen/schedules";
import { key, memory, normal, useBackend } from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { beforeAll, expect, test } from "vitest";
import { gaussianDenoiser } from "../test/gaussian.ts";
import {
  ddpm,
  dormandPrince,
  dpmSolverPlusPlusMultistep,
  heun,
  sample,
  unrolled,
} from "./index.ts";

const denoiser = gaussianDenoiser(rectifiedFlow, { mean: 0.5, std: 0.3 }, "velocity");

beforeAll(async () => {
  await useBackend();
});

test.for([heun, dpmSolverPlusPlusMultistep, ddpm])(
  "all steps as one function give what step by step gives: sampler %#",
  async (make) => {
    const sampler = make(uniformGrid(6, 0.9));
    const noise = normal(key(0), [3, 2]);
    const wanted = await sample({ denoiser, sampler, noise, key: key(1) });
    const before = memory().numTensors;
    const samples = unrolled(denoiser, sampler)(noise, undefined, key(1));
    expect(memory().numTensors).toBe(before + 1);
    expectClose(samples.dataSync(), wanted.dataSync(), 1e-6);
    for (const tensor of [noise, wanted, samples]) tensor.dispose();
  },
);

test("a sampler that chooses its steps is refused", () => {
  expect(() => unrolled(denoiser, dormandPrince([1, 0]))).toThrow(/take one with fixed steps/);
});
