import * as tf from "@tensorflow/tfjs-core";
import { expectClose } from "@gen/testing";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { registerRuntime } from "../register.ts";
import { createRuntime } from "../runtime/node.ts";

// The forms for WebGPU are ONNX's own operators: here the CPU runs them, so that they are tested where there is no GPU.

const onCpu: string[] = [];
const models: string[] = [];

beforeAll(async () => {
  const cpu = await createRuntime({ device: "cpu", threads: 1 });
  registerRuntime({
    ...cpu,
    provider: "webgpu",
    blockSize: 0,
    load(model) {
      onCpu.push(...model.cpuNodes);
      models.push(Buffer.from(model.model).toString("latin1"));
      return cpu.load(model);
    },
  });
  await tf.setBackend("onnx");
});

beforeEach(() => {
  onCpu.length = 0;
  models.length = 0;
});

test("a split into 60 parts is a tree of splits into at most 7", () => {
  const x = tf.range(0, 180);
  const parts = tf.split(tf.reshape(x, [3, 60]), 60, 1);
  const sums = parts.map((part) => tf.sum(part));
  expect([...tf.stack(sums).dataSync()]).toEqual(
    Array.from({ length: 60 }, (_, i) => 3 * i + 60 + 120),
  );
  expect(models.join().split("Split").length - 1).toBe(1 + (1 + 7) + (1 + 2)); // 49 + 11 parts;
});

test("a split into unequal parts keeps their sizes", () => {
  const sizes = [1, 5, 2, 7, 3, 1, 1, 4, 6, 2];
  const parts = tf.split(tf.range(0, 32), sizes);
  expect(parts.map((part) => [...part.dataSync()][0])).toEqual([
    0, 1, 6, 8, 15, 18, 19, 20, 24, 30,
  ]);
});

test("products with transposed operands need nothing of ONNX Runtime's own", () => {
  const a = tf.reshape(tf.range(0, 24), [2, 4, 3]);
  const b = tf.reshape(tf.range(0, 40), [2, 5, 4]);
  const expected = Array.from({ length: 2 * 3 * 5 }, (_, at) => {
    const [n, i, j] = [Math.floor(at / 15), Math.floor((at % 15) / 5), at % 5];
    let sum = 0;
    for (let k = 0; k < 4; k++) sum += (n * 12 + k * 3 + i) * (n * 20 + j * 4 + k);
    return sum;
  });
  expectClose(tf.matMul(a, b, true, true).dataSync(), expected);
  const [first] = tf.unstack(a) as [tf.Tensor2D];
  const [second] = tf.unstack(b) as [tf.Tensor2D];
  expectClose(tf.matMul(first, second, true, true).dataSync(), expected.slice(0, 15));
  expect(models.join()).not.toMatch(/FusedMatMul|com\.microsoft/);
});

test("what the provider computes wrongly is left to the CPU, and nothing else", () => {
  const image = tf.ones([1, 2, 2, 1]) as tf.Tensor4D;
  const filter = tf.ones([2, 2, 1, 1]) as tf.Tensor4D;
  expect([...tf.conv2d(image, filter, 1, "same").dataSync()]).toEqual([4, 2, 2, 1]);
  expect(onCpu).toHaveLength(1);
  expect([...tf.reverse(tf.range(0, 4)).dataSync()]).toEqual([3, 2, 1, 0]);
  expect(onCpu).toHaveLength(2);
  const { result } = tf.maxPoolWithArgmax(image, 2, 2, "valid");
  expect([...(result as tf.Tensor).dataSync()]).toEqual([1]);
  expect(onCpu).toHaveLength(3);
  tf.conv2d(tf.ones([1, 4, 4, 1]) as tf.Tensor4D, filter, 1, "same").dataSync();
  tf.maxPool(image, 2, 2, "valid").dataSync();
  tf.slice(tf.range(0, 4), 1, 2).dataSync();
  expect(onCpu).toHaveLength(3);
});
