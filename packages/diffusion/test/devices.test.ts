import { state } from "@gen/nn";
import { heun, sample } from "@gen/samplers";
import { uniformGrid } from "@gen/schedules";
import {
  dispose,
  foldIn,
  key,
  memory,
  normal,
  type OnnxDevice,
  randint,
  reshape,
  type Tensor,
  useBackend,
} from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { adamw, trainStep } from "@gen/train";
import { describe, expect, test } from "vitest";
import { denoiser, DiT, type Network, rectifiedFlowLoss, UNet } from "../src/index.ts";

// The same engine on every device that is here. A GPU in software is enough: point VK_DRIVER_FILES at the description of
// a Vulkan driver (docs/performance.md says which work).

const image = [8, 8, 3] as const;

const networks: Record<string, () => Network> = {
  "U-Net": () =>
    new UNet(key(1), {
      imageSize: 8,
      inChannels: 3,
      baseChannels: 16,
      multipliers: [1, 2],
      blocks: 1,
      attention: [4],
      classes: 3,
    }),
  DiT: () =>
    new DiT(key(1), {
      imageSize: 8,
      inChannels: 3,
      patch: 2,
      width: 32,
      depth: 2,
      heads: 2,
      classes: 3,
    }),
};

interface Run {
  losses: number[];
  samples: Float32Array;
  /** Tensors after the second and after the last step, and at the end beside those at the start. */
  tensors: [second: number, last: number, left: number];
}

async function run(device: OnnxDevice, make: () => Network, steps = 10): Promise<Run> {
  await useBackend("onnx", { device });
  const before = memory().numTensors;
  const model = make();
  const parameters = state(model);
  const trainee = trainStep({
    parameters,
    loss: ({ images, labels }, k) => ({
      loss: rectifiedFlowLoss({
        model,
        images: images as Tensor,
        labels: labels as Tensor,
        key: k,
      }),
    }),
    optimizer: adamw({ learningRate: 1e-3 }),
  });
  const batch = { images: normal(key(2), [4, ...image]), labels: randint(key(3), [4], 0, 3) };
  const losses: number[] = [];
  const tensors: number[] = [];
  for (let step = 0; step < steps; step++) {
    const metrics = trainee.step(batch, foldIn(key(9), step), step);
    losses.push((await (metrics["loss"] as Tensor).data())[0] as number);
    dispose(metrics);
    tensors.push(memory().numTensors);
  }
  const noise = normal(key(4), [4, ...image]);
  const drawn = await sample({
    denoiser: denoiser(model),
    sampler: heun(uniformGrid(4)),
    noise,
    condition: batch.labels,
  });
  const samples = (await drawn.data()) as Float32Array;
  trainee.dispose();
  dispose([noise, drawn]);
  dispose(batch);
  dispose(parameters);
  const left = memory().numTensors - before;
  return { losses, samples, tensors: [tensors[1] as number, tensors.at(-1) as number, left] };
}

for (const device of ["webgpu", "wasm"] as const) {
  const missing = await useBackend("onnx", { device }).then(
    () => undefined,
    (error: Error) => error.message,
  );
  describe.skipIf(missing)(`on ${device}${missing ? ` (skipped: ${missing})` : ""}`, () => {
    for (const [name, make] of Object.entries(networks)) {
      test(`a ${name} trains and samples as on the CPU, and leaves nothing behind`, async () => {
        const here = await run(device, make);
        const onCpu = await run("cpu", make);
        expect(onCpu.losses.at(-1)).not.toBe(onCpu.losses[0]);
        expectClose(here.losses, onCpu.losses, 1e-3, "losses");
        expectClose(here.samples, onCpu.samples, 1e-3, "samples");
        const [second, last, left] = here.tensors;
        expect(last).toBe(second);
        expect(left).toBe(0);
      }, 120_000);
    }

    test("tensors of another device move when they are used", async () => {
      await useBackend("onnx", { device: "cpu" });
      const made = normal(key(7), [5]);
      const numbers = made.dataSync().slice();
      await useBackend("onnx", { device });
      const same = reshape(made, [1, 5]);
      expect([...(await same.data())]).toEqual([...numbers]);
      dispose([made, same]);
    });
  });
}
