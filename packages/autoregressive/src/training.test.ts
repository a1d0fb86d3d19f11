import { parameters } from "@gen/nn";
import {
  cast,
  foldIn,
  greater,
  type Key,
  key,
  mul,
  sub,
  type Tensor,
  tidy,
  uniform,
  useBackend,
} from "@gen/tensor";
import { adamw, type Batch, type Trainee, trainStep } from "@gen/train";
import { trained } from "@gen/training-tests";
import { expect, test } from "vitest";
import {
  autoregressiveLoss,
  bernoulliOutput,
  CausalTransformer,
  GatedPixelCNN,
  levelsOutput,
  Made,
  madeLoss,
  MAR,
  marLoss,
  NextScaleTransformer,
  PixelCNN,
  PixelCNNPlusPlus,
  pixelLoss,
  type PixelModel,
  RowLSTM,
} from "./index.ts";

await useBackend();

/** Ones where chance is below a tenth. */
const ones = (step: number, shape: number[]): Tensor =>
  tidy(() => cast(greater(uniform(foldIn(key(4), step), shape), 0.9), "float32"));

const pixels = (step: number): Batch => {
  const images = tidy(() => sub(mul(2, ones(step, [8, 4, 4, 1])), 1));
  return { images };
};
const steps = (model: object, loss: (batch: Batch, key: Key) => Record<"loss", Tensor>) => {
  const optimizer = adamw({ learningRate: 0.01 });
  const trainee: Trainee = trainStep({ parameters: parameters(model), loss, optimizer });
  return { trainee };
};
const output = levelsOutput({ channels: 1, levels: 2 });
const ofPixels = (model: PixelModel & object) =>
  steps(model, ({ images }) => pixelLoss({ model, images: images as Tensor }));

test.each<[string, () => { trainee: Trainee }, (step: number) => Batch]>([
  [
    "MADE",
    () => {
      const model = new Made(key(0), { features: 6, hidden: [16], output: bernoulliOutput });
      return steps(model, ({ x }) => madeLoss({ model, x: x as Tensor }));
    },
    (step) => ({ x: ones(step, [16, 6]) }),
  ],
  ["PixelCNN", () => ofPixels(new PixelCNN(key(0), { output, features: 8, depth: 1 })), pixels],
  [
    "GatedPixelCNN",
    () => ofPixels(new GatedPixelCNN(key(0), { output, features: 8, depth: 2 })),
    pixels,
  ],
  [
    "PixelCNNPlusPlus",
    () => ofPixels(new PixelCNNPlusPlus(key(0), { output, features: 8, blocks: 1, halvings: 1 })),
    pixels,
  ],
  ["RowLSTM", () => ofPixels(new RowLSTM(key(0), { output, features: 8, depth: 1 })), pixels],
  [
    "CausalTransformer",
    () => {
      const config = { vocabulary: 2, maxTokens: 6, width: 16, depth: 1, heads: 2 };
      const model = new CausalTransformer(key(0), config);
      return steps(model, ({ tokens }) => autoregressiveLoss({ model, tokens: tokens as Tensor }));
    },
    (step) => ({ tokens: tidy(() => cast(ones(step, [16, 6]), "int32")) }),
  ],
  [
    "NextScaleTransformer",
    () => {
      const config = { vocabulary: 2, scales: [1, 2], width: 16, depth: 1, heads: 2 };
      const model = new NextScaleTransformer(key(0), config);
      return steps(model, ({ tokens }) => autoregressiveLoss({ model, tokens: tokens as Tensor }));
    },
    (step) => ({ tokens: tidy(() => cast(ones(step, [16, 5]), "int32")) }),
  ],
  [
    "MAR",
    () => {
      const head = { width: 16, depth: 1 };
      const config = { tokens: 4, features: 2, width: 16, depth: 1, heads: 2, head };
      const model = new MAR(key(0), config);
      return steps(model, ({ tokens }, stepKey) =>
        marLoss({ model, tokens: tokens as Tensor, key: stepKey }),
      );
    },
    (step) => ({ tokens: tidy(() => sub(ones(step, [64, 4, 2]), 1)) }),
  ],
])(
  "%s gets better in training, resumes to the bit, keeps memory flat",
  async (_, make, data) => {
    const { metrics } = await trained(make, { data, steps: 30, stop: 13 });
    expect(metrics.at(-1)!["loss"]).toBeLessThan(0.9 * metrics[0]!["loss"]!);
  },
  60_000,
);
