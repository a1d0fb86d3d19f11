import { parameters, state } from "@gen/nn";
import { tractable } from "@gen/probability";
import { gaussianDensity, mixtureDensity } from "@gen/probability/exact";
import { key, mean, memory, type Tensor, tensor, tidy, useBackend } from "@gen/tensor";
import { adam, cosine, train, trainStep } from "@gen/train";
import { expectClose } from "@gen/testing";
import { beforeAll, expect, test } from "vitest";
import { flowLoss, realNVP, TrainableMixture } from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

/** Two clusters, three quarters of the points in the first: their entropy is in reach of a mixture alone. */
const truth = mixtureDensity(
  [gaussianDensity([-2, 1], [0.04, 0.25]), gaussianDensity([2, -1], [0.09, 0.09])],
  [0.75, 0.25],
);

test("a trainable mixture has the exact density of its parameters, and leaks nothing", async () => {
  const model = new TrainableMixture(key(1), { features: 2, components: 2 });
  model.logits.assign(tensor([Math.log(0.75), Math.log(0.25)]));
  model.means.assign(
    tensor([
      [-2, 1],
      [2, -1],
    ]),
  );
  model.log_scales.assign(
    tensor([
      [Math.log(0.2), Math.log(0.5)],
      [Math.log(0.3), Math.log(0.3)],
    ]),
  );
  const points = [
    [-2, 1],
    [0, 0],
    [1.7, -1.2],
  ];
  const x = tensor(points);
  const before = memory().numTensors;
  const log = model.logProb(x);
  expect(memory().numTensors).toBe(before + 1);
  expectClose(await log.data(), truth.logDensity(points.flat()), 1e-4);
  const drawn = model.sample(key(2), [3, 5000]);
  expect(memory().numTensors).toBe(before + 2);
  expect(drawn.shape).toEqual([3, 5000, 2]);
  const numbers = await drawn.data();
  const right = numbers.filter((_, i) => i % 2 === 0 && (numbers[i] as number) > 0).length;
  expect(Math.abs(right / 15_000 - 0.25)).toBeLessThan(0.015);
  expect(tractable(model)).toEqual(["density", "samples"]);
});

test("a coupling flow on a mixture learns two clusters to within 0.05 nats of their entropy", async () => {
  const held = truth.sample(key(9), 4000);
  const entropy = -truth.logDensity(held).reduce((sum, v) => sum + v / 4000, 0);
  const model = realNVP(key(1), { features: 2, layers: 2, hidden: [16], components: 4 });
  const pairs = (points: Float64Array): Tensor =>
    tensor(Float32Array.from(points), [points.length / 2, 2]);
  const points = (step: number) => ({ images: pairs(truth.sample(key(step), 128)) });
  const { images } = points(10_000);
  model.start(images);
  images.dispose();
  const trainee = trainStep({
    parameters: parameters(model),
    loss: (batch) => flowLoss({ model, images: batch["images"]! }) as { loss: Tensor },
    optimizer: adam({ learningRate: cosine({ from: 0.02, steps: 400 }) }),
  });
  await train(trainee, { data: points, key: key(3), steps: 400 });
  const log = tidy(() => mean(model.logProb(pairs(held))));
  expect(-(await log.data())[0]! - entropy).toBeLessThan(0.05);
  // What the base has learned is the flow's own, and saved with it.
  expect(Object.keys(state(model))).toContain("base.means");
  // Draws are the base's, back through the flow.
  const drawn = model.sample(key(4), [6]);
  const again = model.inverse(model.base.sample(key(4), [6])).value;
  expectClose(await drawn.data(), await again.data(), 1e-5);
});

test("a trainable mixture refuses sizes that are none", () => {
  expect(() => new TrainableMixture(key(1), { features: 2, components: 0 })).toThrow(
    "TrainableMixture: components must be a whole number of 1 or more, got 0",
  );
});
