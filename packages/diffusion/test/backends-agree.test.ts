import { Conv2d, GroupNorm, Linear, silu, state } from "@gen/nn";
import {
  dispose,
  foldIn,
  key,
  mean,
  normal,
  randint,
  reshape,
  square,
  sub,
  type Tensor,
  useBackend,
} from "@gen/tensor";
import { adamw, trainStep } from "@gen/train";
import { expectClose } from "@gen/testing";
import { describe, expect, test } from "vitest";
import { DiT, type Network, rectifiedFlowLoss, UNet, VelocityMLP } from "../src/index.ts";

const steps = 20;

interface Training {
  losses: number[];
  weights: Float32Array;
}

/** Twenty steps of AdamW from a fixed seed: the loss of every step, and all weights at the end. */
async function trained(
  backend: "onnx" | "cpu",
  make: () => object,
  batch: Record<string, () => Tensor>,
  loss: (model: never, batch: Record<string, Tensor>, k: ReturnType<typeof key>) => Tensor,
): Promise<Training> {
  await useBackend(backend);
  const model = make();
  const parameters = state(model);
  const trainee = trainStep({
    parameters,
    loss: (data, k) => ({ loss: loss(model as never, data, k) }),
    optimizer: adamw({ learningRate: 1e-3 }),
  });
  const data = Object.fromEntries(Object.entries(batch).map(([name, tensor]) => [name, tensor()]));
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const metrics = trainee.step(data, foldIn(key(9), step), step);
    losses.push((metrics["loss"] as Tensor).dataSync()[0] as number);
    dispose(metrics);
  }
  const weights = Object.values(parameters).map((v) => v.dataSync() as Float32Array);
  const all = new Float32Array(weights.reduce((total, w) => total + w.length, 0));
  let at = 0;
  for (const w of weights) {
    all.set(w, at);
    at += w.length;
  }
  trainee.dispose();
  dispose(data);
  dispose(parameters);
  return { losses, weights: all };
}

async function expectAgreement(
  ...args: Parameters<typeof trained> extends [unknown, ...infer R] ? R : never
): Promise<void> {
  const ours = await trained("onnx", ...args);
  const theirs = await trained("cpu", ...args);
  expect(ours.losses.every(Number.isFinite)).toBe(true);
  expect(ours.losses.at(-1)).not.toBe(ours.losses[0]);
  expectClose(ours.losses, theirs.losses, 1e-4, "losses");
  expectClose(ours.weights, theirs.weights, 1e-4, "weights");
}

const flow = (model: Network, batch: Record<string, Tensor>, k: ReturnType<typeof key>): Tensor =>
  rectifiedFlowLoss({ model, images: batch["images"] as Tensor, labels: batch["labels"], key: k });

/** A convolutional network that predicts its input: convolutions of stride 1 and 2, a norm, a linear layer. */
class ConvNet {
  readonly conv1 = new Conv2d(key(1), 1, 16, 3);
  readonly norm = new GroupNorm(4, 16);
  readonly conv2 = new Conv2d(key(2), 16, 16, 3, { stride: 2 });
  readonly out = new Linear(key(3), 4 * 4 * 16, 64);

  forward(x: Tensor): Tensor {
    const h = silu(this.conv2.forward(silu(this.norm.forward(this.conv1.forward(x)))));
    return this.out.forward(reshape(h, [-1, 4 * 4 * 16]));
  }
}

describe(`${steps} training steps on the engine equal those on the cpu backend`, () => {
  test("an MLP", () =>
    expectAgreement(
      () => new VelocityMLP(key(1), { width: 32, depth: 3 }),
      { images: () => normal(key(2), [64, 2]) },
      flow,
    ));

  test("a convolutional network", () =>
    expectAgreement(
      () => new ConvNet(),
      { images: () => normal(key(2), [4, 8, 8, 1]) },
      (model: ConvNet, { images }) =>
        mean(square(sub(model.forward(images as Tensor), reshape(images as Tensor, [-1, 64])))),
    ));

  test(
    "a U-Net",
    () =>
      expectAgreement(
        () =>
          new UNet(key(1), {
            imageSize: 4,
            inChannels: 1,
            baseChannels: 16,
            multipliers: [1, 2],
            blocks: 1,
            attention: [2],
            classes: 3,
          }),
        { images: () => normal(key(2), [2, 4, 4, 1]), labels: () => randint(key(3), [2], 0, 3) },
        flow,
      ),
    120_000,
  );

  test("a DiT", () =>
    expectAgreement(
      () =>
        new DiT(key(1), {
          imageSize: 8,
          inChannels: 1,
          patch: 2,
          width: 32,
          depth: 2,
          heads: 2,
          classes: 3,
        }),
      { images: () => normal(key(2), [4, 8, 8, 1]), labels: () => randint(key(3), [4], 0, 3) },
      flow,
    ));
});
