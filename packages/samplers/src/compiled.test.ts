import { trigonometric } from "@gen/schedules";
import { concat, key, memory, normal, slice, type Tensor, useBackend } from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { beforeAll, expect, test } from "vitest";
import { members } from "../test/members.ts";
import { perceptron } from "../test/perceptron.ts";
import {
  compiled,
  ddpm,
  dormandPrince,
  dpmSolverAdaptive,
  dpmSolverPlusPlusMultistep,
  euler,
  heun,
  perElement,
  type PerElementSampler,
  sample,
  type Sampler,
  stateFromJSON,
  stateToJSON,
  trajectory,
  uniPC,
} from "./index.ts";

const times = [0.9, 0.75, 0.6, 0.4, 0.25, 0.1];

beforeAll(async () => {
  await useBackend();
});

test.each([
  ...members.map(({ name, make }) => [name, make] as const),
  ["dpmSolverAdaptive", dpmSolverAdaptive] as const,
  ["dormandPrince", (t: number[]) => dormandPrince(t, { absolute: 1e-3, relative: 1e-3 })] as const,
])("%s gives the same samples compiled, and leaves no tensors", async (_name, make) => {
  const denoiser = perceptron(trigonometric, "velocity");
  const noise = normal(key(1), [3, 2]);
  const { numTensors } = memory();
  const fast = compiled(make(times));
  const [one, two] = [
    await sample({ denoiser, sampler: make(times), noise, key: key(5) }),
    await sample({ denoiser, sampler: fast, noise, key: key(5) }),
  ];
  expectClose(await two.data(), await one.data(), 1e-5);
  one.dispose();
  two.dispose();
  fast.dispose();
  expect(memory().numTensors).toBe(numTensors);
  noise.dispose();
  denoiser.dispose();
});

test("a compiled run makes a graph for each kind of step, and the next run none", async () => {
  const denoiser = perceptron(trigonometric, "noise");
  const noise = normal(key(1), [3, 2]);
  const grid = Array.from({ length: 31 }, (_, i) => 0.95 - i * 0.03);
  const sampler = compiled(dpmSolverPlusPlusMultistep(grid, { order: 3 }));
  for (let run = 0; run < 2; run++) (await sample({ denoiser, sampler, noise })).dispose();
  if (sampler.graphs > 0) expect(sampler.graphs).toBe(3);
  const stochastic = compiled(ddpm(grid));
  for (const seed of [1, 2]) {
    (await sample({ denoiser, sampler: stochastic, noise, key: key(seed) })).dispose();
  }
  if (stochastic.graphs > 0) expect(stochastic.graphs).toBe(1);
  sampler.dispose();
  stochastic.dispose();
  noise.dispose();
  denoiser.dispose();
});

test("a batch in shards has the samples of the whole, noise, history and times of its elements too", async () => {
  const denoiser = perceptron(trigonometric, "data");
  const noise = normal(key(1), [6, 2]);
  const elements = Array.from({ length: 6 }, (_, i) => heun(times.map((t) => t * (1 - i / 20))));
  const all: [Sampler | PerElementSampler, number][] = [
    [heun(times), 2],
    [ddpm(times), 5],
    [uniPC(times, { order: 3 }), 1],
    [perElement(elements), 2],
  ];
  for (const [plan, stepsAtOnce] of all) {
    const want = await sample({ denoiser, sampler: plan as never, noise, key: key(5) });
    for (const shards of [2, 3]) {
      const sampler = compiled(plan, { stepsAtOnce, shards });
      const got = await sample({ denoiser, sampler, noise, key: key(5) });
      expectClose(await got.data(), await want.data(), 1e-5);
      [got, sampler].forEach((t) => t.dispose());
    }
    want.dispose();
  }
  const odd = compiled(heun(times), { shards: 4 });
  await expect(sample({ denoiser, sampler: odd, noise })).rejects.toThrow(
    "must be a multiple of 4, the number of shards, got shape [6,2]",
  );
  noise.dispose();
  denoiser.dispose();
});

test("steps in one graph give the samples of steps in many, whatever is left at the end", async () => {
  const denoiser = perceptron(trigonometric, "data");
  const noise = normal(key(1), [3, 2]);
  for (const make of [
    (t: number[]) => heun(t),
    (t: number[]) => ddpm(t),
    (t: number[]) => uniPC(t, { order: 3 }),
  ]) {
    const sampler = compiled(make(times), { stepsAtOnce: 2 });
    const seen: number[] = [];
    const [one, two] = [
      await sample({ denoiser, sampler: make(times), noise, key: key(5) }),
      await sample({
        denoiser,
        sampler,
        noise,
        key: key(5),
        onStep: ({ index }) => void seen.push(index),
      }),
    ];
    expectClose(await two.data(), await one.data(), 1e-5);
    expect(seen).toEqual([2, 4, 5]);
    [one, two, sampler].forEach((t) => t.dispose());
  }
  expect(() => compiled(heun(times), { stepsAtOnce: 0 })).toThrow(
    "must be a positive integer, got 0",
  );
  noise.dispose();
  denoiser.dispose();
});

test.each([
  ["plain", (sampler: ReturnType<typeof perElement>) => sampler],
  ["compiled", compiled],
] as const)(
  "elements that start at different noise levels move as if alone (%s)",
  async (_name, wrap) => {
    const denoiser = perceptron(trigonometric, "data");
    const grids = [0.95, 0.7, 0.4].map((start) =>
      Array.from({ length: 7 }, (_, i) => start * (1 - i / 6)),
    );
    const samplers = grids.map((grid) => dpmSolverPlusPlusMultistep(grid));
    const noise = normal(key(2), [3, 2]);
    const together = await sample({ denoiser, sampler: wrap(perElement(samplers)), noise });
    const alone: Tensor[] = [];
    for (const [i, sampler] of samplers.entries()) {
      const own = slice(noise, [i, 0], [1, 2]);
      alone.push(await sample({ denoiser, sampler, noise: own }));
      own.dispose();
    }
    expectClose(await together.data(), await concat(alone).data(), 1e-5);
    [together, noise, denoiser, ...alone].forEach((t) => t.dispose());
  },
);

test("plans that do not go together are refused in one sentence", async () => {
  expect(() => perElement([])).toThrow("give a sampler for each element");
  expect(() => perElement([euler([1, 0]), heun([1, 0])])).toThrow(
    "got euler with 1 and, for element 1, heun with 1",
  );
  expect(() => perElement([dormandPrince([1, 0.1])])).toThrow(
    "chooses its steps for a whole batch",
  );
  const denoiser = perceptron(trigonometric, "data");
  const noise = normal(key(2), [2, 2]);
  const three = perElement([euler([0.9, 0]), euler([0.8, 0]), euler([0.7, 0])]);
  await expect(sample({ denoiser, sampler: three, noise })).rejects.toThrow(
    "there are 3 samplers for a batch of 2",
  );
  const uneven = perElement([heun([0.9, 0]), heun([0.8, 0.1])]);
  await expect(sample({ denoiser, sampler: uneven, noise })).rejects.toThrow(
    "computes something else than that of element 0",
  );
  noise.dispose();
  denoiser.dispose();
});

test.each(members.map(({ name, make }) => [name, make] as const))(
  "%s, cut in two by JSON, gives the same tensors bit for bit",
  async (_name, make) => {
    const denoiser = perceptron(trigonometric, "velocity");
    const noise = normal(key(1), [3, 2]);
    const sampler = make(times);
    const whole = await sample({ denoiser, sampler, noise, key: key(5) });
    let text = "";
    for await (const state of trajectory({ denoiser, sampler, noise, key: key(5) })) {
      if (state.index === 3) {
        text = JSON.stringify(await stateToJSON(state));
        break;
      }
    }
    const state = stateFromJSON(JSON.parse(text));
    const resumed = await sample({ denoiser, sampler, state });
    expect(await resumed.data()).toEqual(await whole.data());
    [whole, resumed, noise, denoiser, state.x, ...(state.history ?? [])].forEach((t) =>
      t.dispose(),
    );
  },
);
