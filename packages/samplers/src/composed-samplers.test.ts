import { beforeAll, describe, expect, test } from "vitest";
import { rectifiedFlow, uniformGrid } from "@gen/schedules";
import { key, memory, normal, tensor, useBackend, type Tensor } from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { affineDenoiser } from "../test/affine-denoiser.ts";
import { gaussianDenoiser } from "../test/gaussian.ts";
import {
  annealedLangevin,
  compiled,
  consistency,
  ddimInversion,
  ddpm,
  dpmSolverPlusPlusMultistep,
  eulerAncestral,
  heun,
  inpaint,
  predictorCorrector,
  repaintTimes,
  reverseDiffusion,
  restartTimes,
  sample,
  type Sampler,
  type SamplerState,
  stateFromJSON,
  stateToJSON,
  type TensorSampler,
  tensorEvaluator,
  trajectory,
  trajectoryConsistency,
  withJumps,
} from "./index.ts";

const times = uniformGrid(6, 0.95);
const jumps = [0.95, 0.7, 0.4, 0.8, 0.5, 0.3, 0.6, 0.2, 0];
const known = (): { data: Tensor; mask: Tensor } => ({
  data: tensor([[1, 2, 3]]),
  mask: tensor([[1, 0, 1]]),
});

/** Every sampler that is not a plain solver. A new one is tested by being listed. */
const samplers: [string, () => TensorSampler][] = [
  ["consistency", () => consistency(times)],
  ["TCD", () => trajectoryConsistency(times)],
  ["annealed Langevin", () => annealedLangevin(times, { moves: 3, stepSize: 0.01 })],
  ["reverse diffusion", () => reverseDiffusion(times)],
  ["predictor–corrector on Heun", () => predictorCorrector(heun(times))],
  ["predictor–corrector on Euler ancestral", () => predictorCorrector(eulerAncestral(times))],
  ["DDIM inversion", () => ddimInversion([...times].reverse())],
  ["jumps of a multistep solver", () => withJumps(dpmSolverPlusPlusMultistep, jumps)],
  [
    "restart",
    () => withJumps(heun, restartTimes(times, [{ times: [0.9, 0.6, times[3]!], repeats: 2 }])),
  ],
  ["inpainting", () => inpaint(dpmSolverPlusPlusMultistep(times), known())],
  [
    "RePaint",
    () => inpaint(withJumps(ddpm, repaintTimes(times, { jump: 2, resamples: 2 })), known()),
  ],
  ["all at once", () => predictorCorrector(inpaint(withJumps(eulerAncestral, jumps), known()))],
];

/** Those of any X, whose steps can be graphs. */
const generic: [string, Sampler][] = [
  ["consistency", consistency(times)],
  ["TCD", trajectoryConsistency(times)],
  ["annealed Langevin", annealedLangevin(times, { moves: 3, stepSize: 0.01 })],
  ["reverse diffusion", reverseDiffusion(times)],
  ["DDIM inversion", ddimInversion([...times].reverse())],
  ["jumps", withJumps(dpmSolverPlusPlusMultistep, jumps)],
];

const denoiser = gaussianDenoiser(rectifiedFlow, { mean: 0.5, std: 0.3 }, "velocity");

beforeAll(async () => {
  await useBackend();
});

describe.each(samplers)("%s", (_name, make) => {
  test("goes on from JSON at any step with the same numbers, bit for bit", async () => {
    const sampler = make();
    const noise = normal(key(1), [2, 3]);
    const whole = await sample({ denoiser, sampler, noise, key: key(2) });
    const texts: string[] = [];
    for await (const state of trajectory({ denoiser, sampler, noise, key: key(2) })) {
      texts.push(JSON.stringify(await stateToJSON(state)));
    }
    expect(texts.length).toBe(sampler.times.length - 1);
    for (const text of texts) {
      const state = stateFromJSON(JSON.parse(text));
      // Another plan, made anew, as another process would.
      const resumed = await sample({ denoiser, sampler: make(), state });
      expect(await resumed.data()).toEqual(await whole.data());
    }
  });

  test("leaves its state alone, and two runs in turns do not disturb each other", async () => {
    const sampler = make();
    const evaluator = tensorEvaluator(denoiser);
    const starts = [normal(key(1), [2, 3]), normal(key(3), [2, 3])] as const;
    const alone = await Promise.all(
      starts.map(async (noise, i) =>
        (await sample({ denoiser, sampler, noise, key: key(i) })).data(),
      ),
    );
    let [one, two] = starts.map((x, i): SamplerState<Tensor> =>
      Object.freeze({ index: 0, x, key: key(i) }),
    ) as [SamplerState<Tensor>, SamplerState<Tensor>];
    while (one.index < sampler.times.length - 1) {
      one = Object.freeze(sampler.step(one, evaluator));
      two = Object.freeze(sampler.step(two, evaluator));
    }
    expect(await one.x.data()).toEqual(alone[0]);
    expect(await two.x.data()).toEqual(alone[1]);
    expect(alone[0]).not.toEqual(alone[1]);
    expect(() => sampler.step(one, evaluator)).toThrow("does not exist, the plan has");
  });

  test("is frozen, and leaves nothing behind but the samples", async () => {
    const sampler = make();
    expect(Object.isFrozen(sampler) && Object.isFrozen(sampler.times)).toBe(true);
    const noise = normal(key(1), [2, 3]);
    const { numTensors } = memory();
    const samples = await sample({ denoiser, sampler, noise, key: key(2) });
    expect(memory().numTensors).toBe(numTensors + 1);
    samples.dispose();
    expect(noise.isDisposed).toBe(false);
  });
});

test.each(generic)("compiled steps of %s give the same samples", async (_name, sampler) => {
  const model = affineDenoiser(rectifiedFlow, "velocity", 0.7, -0.2);
  const noise = normal(key(1), [2, 3]);
  const run = { denoiser: model, noise, key: key(2) };
  const graphs = compiled(sampler);
  const expected = await (await sample({ ...run, sampler })).data();
  const actual = await (await sample({ ...run, sampler: graphs })).data();
  expectClose(actual, expected, 1e-5);
  graphs.dispose();
});
