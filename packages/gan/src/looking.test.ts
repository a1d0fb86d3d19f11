import { featureStatistics, frechetDistance, modeCoverage } from "@gen/metrics";
import { Linear, parameter } from "@gen/nn";
import {
  add,
  concat,
  dispose,
  key,
  memory,
  mul,
  normal,
  ones,
  reshape,
  sub,
  sum,
  square,
  tensor,
  type Tensor,
  tidy,
  useBackend,
} from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { describe, expect, test } from "vitest";
import {
  type Generator,
  interpolation,
  lerpLatents,
  Monitor,
  projectImage,
  slerpLatents,
  StyleGenerator,
  truncationSweep,
} from "./index.ts";

await useBackend();

const numbers = (x: Tensor): number[] => [...x.dataSync()];
const identity: Generator = { latents: 2, forward: (z) => mul(z, 1) };

describe("between latents", () => {
  test("the straight line and the great circle start and end where they should", () => {
    const [a, b] = [normal(key(1), [3, 8]), normal(key(2), [3, 8])];
    for (const between of [lerpLatents, slerpLatents]) {
      const before = memory().numTensors;
      const [start, end] = [between(a, b, 0), between(a, b, 1)];
      expectClose(numbers(start), numbers(a), 1e-5);
      expectClose(numbers(end), numbers(b), 1e-5);
      dispose([start, end]);
      expect(memory().numTensors).toBe(before);
    }
  });
  test("the great circle from (1, 0) to (0, 1) goes by angles, the line does not", () => {
    const [a, b] = [tensor([[1, 0]]), tensor([[0, 1]])];
    const third = slerpLatents(a, b, 1 / 3);
    expectClose(numbers(third), [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)], 1e-5);
    expectClose(numbers(lerpLatents(a, b, 1 / 3)), [2 / 3, 1 / 3], 1e-6);
  });
  test("of latents with one direction the great circle is the line", () => {
    expectClose(numbers(slerpLatents(tensor([[1, 2]]), tensor([[3, 6]]), 0.5)), [2, 4], 1e-5);
  });
  test("an interpolation passes through all latents, with as many steps between as asked for", () => {
    const z = tensor([
      [1, 0],
      [0, 1],
      [0, 3],
    ]);
    const before = memory().numTensors;
    const way = interpolation(identity, z, { steps: 2, between: lerpLatents });
    expect(memory().numTensors).toBe(before + 1);
    expectClose(numbers(way), [1, 0, 0.5, 0.5, 0, 1, 0, 2, 0, 3], 1e-6);
    const labelled: Generator = {
      latents: 2,
      forward: (x, _mode, given) => add(x, reshape(given!.labels!, [-1, 1])),
    };
    const fives = interpolation(labelled, z, { steps: 2, between: lerpLatents, label: 5 });
    expectClose(numbers(fives), [6, 5, 5.5, 5.5, 5, 6, 5, 7, 5, 8], 1e-6);
    expect(() => interpolation(identity, tensor([[1, 2]]), { steps: 3 })).toThrow(
      "interpolation: needs at least 2 latents and steps a positive integer, got 1 and 3",
    );
  });
});

test("a truncation sweep goes from the image of the mean style to the images themselves", () => {
  const generator = new StyleGenerator(key(0), {
    imageSize: 8,
    imageChannels: 1,
    latents: 3,
    baseChannels: 2,
    mapping: { depth: 1 },
  });
  const z = normal(key(1), [2, 3]);
  const before = memory().numTensors;
  const sweep = truncationSweep(generator, z, [0, 1]);
  expect(memory().numTensors).toBe(before + 1);
  const images = numbers(sweep);
  expect(images.slice(0, 64)).toEqual(images.slice(64, 128));
  expectClose(images.slice(128), numbers(generator.forward(z)), 1e-4);
  const conditional = new StyleGenerator(key(0), {
    imageSize: 8,
    imageChannels: 1,
    latents: 3,
    baseChannels: 2,
    mapping: { depth: 1 },
    classes: 2,
  });
  const labels = tensor([1, 0], [2], "int32");
  expectClose(
    numbers(truncationSweep(conditional, z, [1], labels)),
    numbers(conditional.forward(z, "inference", { labels })),
    1e-4,
  );
  expect(() => truncationSweep(generator, z, [])).toThrow(
    "truncationSweep: psis must have a number, got none",
  );
});

describe("projection into the latent space", () => {
  // Images are a fixed matrix times the latent: the distance has one minimum.
  const matrix = new Linear(key(0), 3, 6, { bias: false });
  const synthesize = (z: Tensor): Tensor => matrix.forward(z);
  const wanted = tensor([
    [0.5, -1, 2],
    [1, 1, 0],
  ]);

  test("finds the latents that made the images, and leaves nothing but them", async () => {
    const [target, start] = [synthesize(wanted), normal(key(1), [2, 3])];
    const losses: number[] = [];
    const before = memory().numTensors;
    const { latent, loss } = await projectImage({
      synthesize,
      target,
      start,
      steps: 1000,
      onStep: ({ loss: l }) => losses.push(l),
    });
    expect(memory().numTensors).toBe(before + 1);
    expectClose(numbers(latent), numbers(wanted), 0.02);
    expect(loss).toBe(Math.min(...losses));
    expect(losses).toHaveLength(1000);
  });
  test("takes another distance and a prior: the ridge solution", async () => {
    // min (z − 3)² + 2z² is at z = 1.
    const { latent } = await projectImage({
      synthesize: (z) => mul(z, 1),
      target: tensor([[3]]),
      start: tensor([[0]]),
      distance: (x, y) => sum(square(sub(x, y))),
      prior: (z) => mul(2, sum(square(z))),
      steps: 200,
    });
    expect(numbers(latent)[0]).toBeCloseTo(1, 2);
  });
  test("stops when it is told to, and refuses no steps", async () => {
    const [target, start] = [synthesize(wanted), normal(key(1), [2, 3])];
    const before = memory().numTensors;
    const signal = AbortSignal.abort();
    await expect(projectImage({ synthesize, target, start, signal })).rejects.toThrow(/abort/);
    expect(memory().numTensors).toBe(before);
    await expect(projectImage({ synthesize, target, start, steps: 0 })).rejects.toThrow(
      "projectImage: steps must be a positive integer, got 0",
    );
  });
});

describe("a monitor", () => {
  const centres = { values: [-2, 0, 2, 0], dims: 2 };
  /** Two modes at (±2, 0), or as many as its latent's sign is let through. */
  const spread = parameter(Float32Array.of(1), [1]);
  const generator: Generator = {
    latents: 2,
    forward: (z) =>
      tidy(() => {
        const side = reshape(
          mul(2, tensor(Array.from({ length: z.shape[0]! }, (_, i) => (i % 2 ? 1 : -1)))),
          [-1, 1],
        );
        const x = add(2, mul(spread, sub(side, 2)));
        return add(concat([x, mul(0, x)], 1), mul(0.1, z));
      }),
  };
  test("sees modes disappear and the Fréchet distance rise over time", async () => {
    const now = { values: numbers(generator.forward(normal(key(3), [500, 2]))), dims: 2 };
    const real = featureStatistics(now);
    const monitor = new Monitor({
      generator,
      key: key(4),
      count: 500,
      batch: 128,
      measures: {
        modes: (samples) => modeCoverage(samples, centres, { deviation: 0.1 }).hit,
        frechet: (samples) => frechetDistance(featureStatistics(samples), real).distance,
      },
    });
    const collapsed = tensor([0]);
    const tensors = memory().numTensors;
    await monitor.measure(0);
    spread.assign(collapsed);
    await monitor.measure(100);
    expect(memory().numTensors).toBe(tensors);
    expect(monitor.rows.map(({ step, modes }) => [step, modes])).toEqual([
      [0, 2],
      [100, 1],
    ]);
    expect(monitor.rows[0]!["frechet"]).toBeLessThan(0.05);
    // The mean moves by 2, and the variance along x falls from 4 to 0.01: 2² + (2 − 0.1)².
    expect(monitor.rows[1]!["frechet"]).toBeCloseTo(4 + 1.9 ** 2, 0);
  });
  test("measures features of the samples where an extractor is given", async () => {
    const monitor = new Monitor({
      generator: identity,
      key: key(0),
      count: 3,
      features: (x) => ones([x.shape[0]!, 5]),
      measures: {
        dims: ({ dims }) => dims,
        sum: ({ values }) => values.reduce((a, b) => a + b, 0),
      },
    });
    expect(await monitor.measure(7)).toEqual({ step: 7, dims: 5, sum: 15 });
  });
  test("refuses to look at nothing", () => {
    expect(() => new Monitor({ generator: identity, key: key(0), count: 0, measures: {} })).toThrow(
      "Monitor: count must be a positive integer, got 0",
    );
  });
});
