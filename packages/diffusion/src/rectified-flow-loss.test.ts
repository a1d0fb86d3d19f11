import { beforeAll, expect, test } from "vitest";
import { logitNormalTimes } from "@gen/schedules";
import {
  fill,
  key,
  memory,
  normal,
  tensor,
  tensor1d,
  type Tensor,
  useBackend,
  zerosLike,
} from "@gen/tensor";
import { type Network, rectifiedFlowLoss, VelocityMLP } from "./index.ts";

interface Seen {
  x: Float32Array;
  t: Float32Array;
  labels: Int32Array | undefined;
}

/** A network that answers with `velocity` and writes down what it was given. */
function spy(
  classes: number,
  velocity: (x: Tensor) => Tensor = (x) => zerosLike(x),
): Network & { seen: Seen[] } {
  const seen: Seen[] = [];
  return {
    classes,
    seen,
    forward(x, t, { labels } = {}) {
      seen.push({
        x: x.dataSync().slice() as Float32Array,
        t: t.dataSync().slice() as Float32Array,
        labels: labels?.dataSync().slice() as Int32Array | undefined,
      });
      return velocity(x);
    },
  };
}

beforeAll(async () => {
  await useBackend();
});

test("the network sees x_t = (1 - t)·x + t·z, and the loss is the mean of (v - (z - x))²", async () => {
  const batch = 5000;
  const model = spy(0, (x) => fill(x.shape, 0.25));
  const images = fill([batch, 2], 3);
  const loss = rectifiedFlowLoss({ model, images, key: key(0) });
  const { x, t } = model.seen[0] as Seen;
  // z is known from x_t and t; away from t = 0 without loss of digits.
  const noise: number[] = [];
  let sum = 0;
  x.forEach((value, i) => {
    const time = t[i >> 1] as number;
    if (time < 0.1) return;
    const z = (value - (1 - time) * 3) / time;
    noise.push(z);
    sum += (0.25 - (z - 3)) ** 2;
  });
  const mean = noise.reduce((s, z) => s + z, 0) / noise.length;
  const variance = noise.reduce((s, z) => s + (z - mean) ** 2, 0) / noise.length;
  expect(mean).toBeCloseTo(0, 1);
  expect(variance).toBeCloseTo(1, 1);
  // (0.25 + 3 - z)² has the mean 3.25² + 1.
  const value = (await loss.data())[0] as number;
  expect(Math.abs(value / (3.25 ** 2 + 1) - 1)).toBeLessThan(0.02);
  expect(Math.abs(value / (sum / noise.length) - 1)).toBeLessThan(0.02);
  expect(t.every((time) => time >= 0 && time < 1)).toBe(true);
});

test("times, noise and dropped labels follow from the key alone, and the times from their distribution", async () => {
  const images = normal(key(9), [64, 4, 4, 1]);
  const labels = tensor1d(
    Int32Array.from({ length: 64 }, (_, i) => i % 5),
    "int32",
  );
  const model = spy(5);
  const times = logitNormalTimes({ mean: 4, std: 0.1 });
  const run = (seed: number): number =>
    rectifiedFlowLoss({ model, images, labels, key: key(seed), times }).dataSync()[0] as number;
  expect(run(1)).toBe(run(1));
  expect(model.seen[0]).toEqual(model.seen[1]);
  expect(run(2)).not.toBe(run(1));
  expect((model.seen[0] as Seen).t.every((t) => t > 0.95)).toBe(true);
});

test("a tenth of the labels becomes «no label», or as many as asked for", () => {
  const batch = 20_000;
  const images = fill([batch, 1], 0);
  const given = Int32Array.from({ length: batch }, (_, i) => i % 5);
  const labels = tensor1d(given, "int32");
  for (const [options, share] of [
    [{}, 0.1],
    [{ labelDropout: 0.5 }, 0.5],
    [{ labelDropout: 0 }, 0],
  ] as const) {
    const model = spy(5);
    rectifiedFlowLoss({ model, images, labels, key: key(3), ...options });
    const seen = (model.seen[0] as Seen).labels as Int32Array;
    const dropped = seen.filter((label) => label === 5).length;
    expect(Math.abs(dropped / batch - share)).toBeLessThan(0.01);
    expect(seen.every((label, i) => label === 5 || label === given[i])).toBe(true);
  }
});

test("the loss leaves one tensor behind", () => {
  const model = new VelocityMLP(key(0));
  const images = tensor([1, 2, 3, 4], [2, 2]);
  const { numTensors } = memory();
  const loss = rectifiedFlowLoss({ model, images, key: key(0) });
  expect(memory().numTensors).toBe(numTensors + 1);
  expect(loss.shape).toEqual([]);
});

test("what cannot be trained is refused in one sentence", () => {
  const images = tensor([1, 2], [1, 2]);
  const labels = tensor1d([0], "int32");
  expect(() => rectifiedFlowLoss({ model: spy(0), images, labels, key: key(0) })).toThrow(
    "rectifiedFlowLoss: labels were given to a model without classes",
  );
  expect(() =>
    rectifiedFlowLoss({ model: spy(1), images, labels, key: key(0), labelDropout: 2 }),
  ).toThrow("rectifiedFlowLoss: labelDropout must be in [0, 1], got 2");
});
