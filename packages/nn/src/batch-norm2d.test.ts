import { dispose, memory, normal, key, tensor, useBackend } from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { beforeAll, expect, test } from "vitest";
import { BatchNorm2d, parameters, state } from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

test("training moves the running statistics by a tenth to the mean and the unbiased variance; inference does not", async () => {
  const norm = new BatchNorm2d(2);
  expect(Object.keys(state(norm))).toEqual(["weight", "bias", "running_mean", "running_var"]);
  expect(Object.keys(parameters(norm))).toEqual(["weight", "bias"]);
  // Channel by channel: 1, 3, 5, 7 and 2, 2, 2, 10.
  const x = tensor([1, 2, 3, 2, 5, 2, 7, 10], [1, 2, 2, 2]);
  const before = memory().numTensors;
  const y = norm.forward(x, "training");
  expect(memory().numTensors).toBe(before + 1);
  expectClose(await norm.running_mean.data(), [0.4, 0.4], 1e-6);
  expectClose(await norm.running_var.data(), [0.9 + 0.1 * (20 / 3), 0.9 + 0.1 * 16], 1e-6);
  const [mean, variance] = [await norm.running_mean.data(), await norm.running_var.data()];
  const z = norm.forward(x);
  expectClose(
    await z.data(),
    [...x.dataSync()].map((v, i) => (v - mean[i % 2]!) / Math.sqrt(variance[i % 2]! + 1e-5)),
    1e-5,
  );
  expect([...(await norm.running_mean.data())]).toEqual([...mean]);
  dispose([x, y, z]);
  dispose(state(norm));
});

test("one number a channel has no variance to train on", () => {
  const norm = new BatchNorm2d(2);
  expect(() => norm.forward(normal(key(0), [1, 1, 1, 2]), "training")).toThrow(
    "BatchNorm2d.forward: training needs at least 2 numbers of each channel, got x [1, 1, 1, 2].",
  );
});
