import { beforeAll, expect, test } from "vitest";
import { classifierFree, heun, sample } from "@gen/samplers";
import { rectifiedFlow, uniformGrid } from "@gen/schedules";
import {
  add,
  cast,
  key,
  memory,
  mul,
  normal,
  reshape,
  tensor,
  tensor1d,
  useBackend,
} from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { denoiser, type Network, UNet } from "./index.ts";

/** v = x + 10·label + t: what it was asked can be read from what it answers. */
const readable: Network = {
  classes: 3,
  forward: (x, t, { labels } = {}) =>
    add(add(x, mul(10, reshape(cast(labels as never, "float32"), [-1, 1]))), reshape(t, [-1, 1])),
};

beforeAll(async () => {
  await useBackend();
});

test("guidance is v_∅ + s·(v_y - v_∅), by scale or by the lectures' w = s - 1", async () => {
  const x = tensor([1, 2, 3, 4], [2, 2]);
  const t = tensor1d([0.5, 0.25]);
  const labels = tensor1d([0, 2], "int32");
  // v_∅ = x + 30 + t, v_y - v_∅ = 10·(label - 3).
  const expected = [1 + 30.5 - 90, 2 + 30.5 - 90, 3 + 30.25 - 30, 4 + 30.25 - 30];
  const model = denoiser(readable);
  for (const strength of [{ scale: 3 }, { w: 2 }]) {
    expectClose(await classifierFree(model, strength).predict(x, t, labels).data(), expected, 1e-6);
  }
  const none = await classifierFree(model, { scale: 0 }).predict(x, t, labels).data();
  expectClose(none, await model.predict(x, t).data(), 1e-6);
  const conditional = await model.predict(x, t, labels).data();
  expectClose(
    await classifierFree(model, { w: 0 }).predict(x, t, labels).data(),
    conditional,
    1e-6,
  );
});

test("guidance asks the network once, on the doubled batch, and without guidance on the batch itself", () => {
  const batches: number[] = [];
  const model: Network = {
    classes: 3,
    forward(x, t, conditions) {
      batches.push(x.shape[0] as number);
      return readable.forward(x, t, conditions);
    },
  };
  const x = normal(key(0), [4, 2]);
  const t = tensor1d([1, 1, 1, 1]);
  const labels = tensor1d([0, 1, 2, 0], "int32");
  classifierFree(denoiser(model), { scale: 2 }).predict(x, t, labels);
  classifierFree(denoiser(model), { scale: 1 }).predict(x, t, labels);
  expect(batches).toEqual([8, 4]);
});

test("a U-Net is sampled with guidance, nothing is left behind but the samples", async () => {
  const model = new UNet(key(0), {
    imageSize: 4,
    inChannels: 1,
    baseChannels: 4,
    multipliers: [1, 2],
    blocks: 1,
    classes: 3,
  });
  const guided = classifierFree(denoiser(model), { scale: 2 });
  const noise = normal(key(1), [2, 4, 4, 1]);
  const condition = tensor1d([0, 2], "int32");
  const { numTensors } = memory();
  const samples = await sample({
    denoiser: guided,
    sampler: heun(uniformGrid(2)),
    noise,
    condition,
  });
  expect(memory().numTensors).toBe(numTensors + 1);
  // A new U-Net predicts no velocity: nothing moves.
  expect(await samples.data()).toEqual(await noise.data());
});

test("a denoiser reads the weights as they are when it is called", async () => {
  const model = new UNet(key(0), {
    imageSize: 2,
    inChannels: 1,
    baseChannels: 4,
    multipliers: [1],
    blocks: 1,
  });
  const net = denoiser(model);
  const x = normal(key(1), [1, 2, 2, 1]);
  const t = tensor1d([0.5]);
  expect(await net.predict(x, t).data()).toEqual(new Float32Array(4));
  model.conv_out.bias?.assign(tensor1d([2]));
  expect(await net.predict(x, t).data()).toEqual(new Float32Array(4).fill(2));
  net.dispose();
  expect(net).toMatchObject({ path: rectifiedFlow, prediction: "velocity", classes: 0 });
});

test("what cannot be guided is refused in one sentence", () => {
  const x = normal(key(0), [1, 2]);
  const t = tensor1d([1]);
  const unlabelled = denoiser({ ...readable, classes: 0 });
  expect(() => classifierFree(unlabelled, { scale: 2 })).toThrow(
    "classifierFree: the denoiser does not say what no condition is",
  );
  expect(() => unlabelled.predict(x, t, tensor1d([0], "int32"))).toThrow(
    "denoiser: labels were given to a model without classes",
  );
});
