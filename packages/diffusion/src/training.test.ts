import { parameters } from "@gen/nn";
import { type Key, key, ones, tensor1d, type Tensor, useBackend } from "@gen/tensor";
import { adam, type Batch, type Trainee, trainStep } from "@gen/train";
import { trained } from "@gen/training-tests";
import { expect, test } from "vitest";
import { DiT, type Network, rectifiedFlowLoss, UNet, VelocityMLP } from "./index.ts";

await useBackend();

const image = { imageSize: 8, inChannels: 1, classes: 2 };
const images = (): Batch => ({
  images: ones([8, 8, 8, 1]),
  labels: tensor1d([0, 1, 0, 1, 0, 1, 0, 1], "int32"),
});

test.each<[string, () => Network & object, () => Batch]>([
  ["VelocityMLP", () => new VelocityMLP(key(0)), () => ({ images: ones([64, 2]) })],
  [
    "UNet",
    () => new UNet(key(0), { ...image, baseChannels: 8, multipliers: [1, 2], blocks: 1 }),
    images,
  ],
  ["DiT", () => new DiT(key(0), { ...image, patch: 2, width: 16, depth: 1, heads: 2 }), images],
])(
  "a flow of %s learns, resumes to the bit, keeps memory flat",
  async (_, make, data) => {
    const made = (): { trainee: Trainee } => {
      const model = make();
      const loss = ({ images: x, labels }: Batch, k: Key) => ({
        loss: rectifiedFlowLoss({ model, images: x as Tensor, labels, key: k }),
      });
      const optimizer = adam({ learningRate: 0.01 });
      return { trainee: trainStep({ parameters: parameters(model), loss, optimizer }) };
    };
    const { metrics } = await trained(made, { data, steps: 40, stop: 17 });
    expect(metrics.at(-1)!["loss"]).toBeLessThan(0.8 * metrics[0]!["loss"]!);
  },
  60_000,
);
