import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { state } from "@gen/nn";
import { dispose, foldIn, key, memory, normal, randint, useBackend } from "@gen/tensor";
import { adamw, Ema, trainStep } from "@gen/train";
import { expect, test } from "vitest";
import { rectifiedFlowLoss, UNet } from "../src/index.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes that the process takes apart from JavaScript's heap, and that JavaScript needs: how much garbage it keeps is its. */
function taken(): { native: number; used: number } {
  const { rss, heapTotal } = process.memoryUsage();
  collectGarbage();
  return { native: rss - heapTotal, used: process.memoryUsage().heapUsed };
}

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
  const run = (from: number, to: number): ReturnType<typeof taken> => {
    for (let step = from; step < to; step++) {
      const batch = {
        images: normal(foldIn(key(2), step), [8, 8, 8, 1]),
        labels: randint(key(3), [8], 0, 3),
      };
      dispose([trainee.step(batch, foldIn(key(4), step), step), batch]);
    }
    return taken();
  };
  const early = run(0, 200);
  const tensors = memory().numTensors;
  const late = run(200, 2000);
  expect(memory().numTensors).toBe(tensors);
  for (const what of ["native", "used"] as const) {
    const [before, after] = [early[what], late[what]];
    const message = `${what}: ${after / 1e6} MB after 2,000 steps, ${before / 1e6} MB after 200`;
    expect(after / before, message).toBeLessThanOrEqual(1.1);
  }
  trainee.dispose();
  ema.dispose();
  dispose(parameters);
}, 240_000);
