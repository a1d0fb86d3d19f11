import { state } from "@gen/nn";
import { dispose, foldIn, key, memory, normal, randint, useBackend } from "@gen/tensor";
import { adamw, Ema, trainStep } from "@gen/train";
import { expect, test } from "vitest";
import { rectifiedFlowLoss, UNet } from "../src/index.ts";

test("2,000 training steps take no more memory than 200, and no more tensors", async () => {
  await useBackend("onnx");
  const config = { imageSize: 8, inChannels: 1, baseChannels: 16, multipliers: [1, 2], blocks: 1 };
  const model = new UNet(key(1), { ...config, classes: 3 });
  const parameters = state(model);
  const ema = new Ema(parameters);
  const trainee = trainStep({
    parameters,
    loss: ({ images, labels }, k) => ({
      loss: rectifiedFlowLoss({ model, images: images!, labels, key: k }),
    }),
    optimizer: adamw({ learningRate: 1e-3 }),
    ema,
  });
  const run = (from: number, to: number): number => {
    for (let step = from; step < to; step++) {
      const batch = {
        images: normal(foldIn(key(2), step), [8, 8, 8, 1]),
        labels: randint(key(3), [8], 0, 3),
      };
      dispose([trainee.step(batch, foldIn(key(4), step), step), batch]);
    }
    return process.memoryUsage.rss();
  };
  const early = run(0, 200);
  const tensors = memory().numTensors;
  const late = run(200, 2000);
  expect(memory().numTensors).toBe(tensors);
  expect(
    late / early,
    `${late / 1e6} MB after 2,000 steps, ${early / 1e6} MB after 200`,
  ).toBeLessThanOrEqual(1.1);
  trainee.dispose();
  ema.dispose();
  dispose(parameters);
}, 240_000);
