import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { expectClose } from "@gen/testing";
import { beforeAll, expect, test } from "vitest";
import { registerOnnxBackend } from "./register.ts";

beforeAll(async () => {
  await registerOnnxBackend();
});

type Four = [number, number, number, number];
type Case = [
  x: Four,
  filter: Four,
  stride: number,
  pad: "same" | "valid" | number,
  dilation?: number,
];

/** Shapes that meet every form of the lowering: blocked or not, padded channels, strides, dilations, odd sizes. */
const cases: Case[] = [
  [[2, 6, 6, 16], [3, 3, 16, 32], 1, "same"],
  [[2, 5, 7, 32], [3, 3, 32, 16], 1, "valid"],
  [[2, 6, 6, 1], [3, 3, 1, 32], 1, "same"],
  [[2, 6, 6, 3], [5, 5, 3, 16], 1, "same"],
  [[2, 6, 6, 32], [3, 3, 32, 1], 1, "same"],
  [[2, 8, 12, 16], [3, 3, 16, 1], 1, "same"],
  [[2, 6, 7, 16], [3, 4, 16, 3], 1, "valid"],
  [[2, 6, 6, 32], [5, 1, 32, 4], 1, "same"],
  [[2, 5, 6, 32], [3, 3, 32, 2], 1, "same"],
  [[2, 6, 6, 20], [3, 3, 20, 24], 1, "same"],
  [[2, 6, 6, 17], [3, 3, 17, 5], 1, "same"],
  [[2, 8, 8, 16], [4, 4, 16, 16], 2, "same"],
  [[2, 7, 9, 16], [4, 4, 16, 16], 2, "valid"],
  [[2, 9, 7, 3], [4, 4, 3, 5], 2, 1],
  [[2, 8, 8, 3], [4, 4, 3, 16], 2, "same"],
  [[2, 8, 10, 1], [4, 4, 1, 16], 2, "valid"],
  [[2, 8, 8, 4], [4, 4, 4, 16], 2, 3],
  [[2, 9, 6, 1], [6, 3, 1, 32], 3, "same"],
  [[2, 6, 6, 3], [2, 2, 3, 16], 2, "valid"],
  [[1, 8, 8, 4], [6, 3, 4, 8], 3, "valid"],
  [[2, 6, 6, 16], [2, 2, 16, 16], 2, "valid"],
  [[2, 7, 7, 16], [3, 3, 16, 16], 2, "same"],
  [[2, 9, 8, 3], [3, 3, 3, 4], 2, "valid"],
  [[2, 6, 6, 16], [1, 1, 16, 48], 1, "same"],
  [[2, 6, 6, 16], [1, 1, 16, 16], 2, "same"],
  [[2, 9, 9, 16], [3, 3, 16, 16], 1, "same", 2],
  [[2, 6, 6, 8], [2, 2, 8, 16], 1, 1],
  [[2, 8, 8, 16], [4, 4, 16, 16], 1, "same"],
  [[2, 8, 8, 16], [4, 4, 16, 64], 2, "same"],
  [[1, 8, 16, 16], [4, 4, 16, 128], 2, 1],
  [[1, 8, 16, 20], [4, 4, 20, 64], 2, 1],
  [[2, 8, 8, 16], [4, 4, 16, 128], 2, 1],
  [[2, 4, 5, 16], [2, 1, 16, 128], 1, "same"],
  [[2, 3, 3, 16], [5, 5, 16, 128], 1, "same"],
  [[1, 4, 4, 2], [8, 8, 2, 1], 1, "same"],
];

function pattern(shape: number[], phase: number): tf.Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return tf.tensor(
    Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + phase)),
    shape,
  );
}

async function on<T>(backend: string, body: () => T): Promise<T> {
  await tf.setBackend(backend);
  return body();
}

function conv2d(): { forward: Float32Array; input: Float32Array; filter: Float32Array }[] {
  return cases.map(([xShape, filterShape, stride, pad, dilation = 1]) =>
    tf.tidy(() => {
      const x = pattern(xShape, 0) as tf.Tensor4D;
      const filter = pattern(filterShape, 1) as tf.Tensor4D;
      const forward = tf.conv2d(x, filter, stride, pad, "NHWC", dilation);
      const dy = pattern(forward.shape, 2);
      const attributes = { strides: stride, pad, dataFormat: "NHWC", dilations: dilation };
      const run = (kernel: string, inputs: tf.NamedTensorMap, more: object): Float32Array =>
        (
          tf.engine().runKernel(kernel, inputs, { ...attributes, ...more }) as tf.Tensor
        ).dataSync<"float32">();
      return {
        forward: forward.dataSync<"float32">(),
        // The cpu backend has no gradients of a dilated convolution.
        input:
          dilation > 1
            ? new Float32Array()
            : run("Conv2DBackpropInput", { dy, filter }, { inputShape: xShape }),
        filter:
          dilation > 1
            ? new Float32Array()
            : run("Conv2DBackpropFilter", { x, dy }, { filterShape }),
      };
    }),
  );
}

test("convolution, its input gradient and its filter gradient equal the cpu backend's", async () => {
  const expected = await on("cpu", conv2d);
  const actual = await on("onnx", conv2d);
  cases.forEach((c, i) => {
    for (const part of ["forward", "input", "filter"] as const) {
      expectClose(
        actual[i]?.[part] ?? [],
        expected[i]?.[part] ?? [],
        2e-5,
        `${part} ${JSON.stringify(c)}`,
      );
    }
  });
  expect(actual.length).toBe(cases.length);
});

test("a bias added to a convolution, alone or beside another use of the convolution, is added once", async () => {
  const biased = (): Float32Array[] =>
    cases.flatMap(([xShape, filterShape, stride, pad, dilation = 1]) =>
      tf.tidy(() => {
        const x = pattern(xShape, 0) as tf.Tensor4D;
        const bias = pattern([filterShape[3]], 3);
        const conv = tf.conv2d(
          x,
          pattern(filterShape, 1) as tf.Tensor4D,
          stride,
          pad,
          "NHWC",
          dilation,
        );
        const again = tf.conv2d(
          x,
          pattern(filterShape, 2) as tf.Tensor4D,
          stride,
          pad,
          "NHWC",
          dilation,
        );
        const results = [tf.add(conv, bias), tf.add(bias, again), tf.mul(again, 2)];
        conv.dispose(); // only what nobody can read any more is left out of the graph
        return results.map((result) => result.dataSync<"float32">());
      }),
    );
  const expected = await on("cpu", biased);
  const actual = await on("onnx", biased);
  expected.forEach((values, i) => expectClose(actual[i] ?? [], values, 2e-5, `result ${i}`));
});

test("a bias added to an input gradient, a transposed convolution, is added once to every pixel", async () => {
  const biased = (): Float32Array[] =>
    cases
      .filter(([, , , , dilation = 1]) => dilation === 1)
      .map(([xShape, filterShape, stride, pad]) =>
        tf.tidy(() => {
          const filter = pattern(filterShape, 1) as tf.Tensor4D;
          const dy = tf.conv2d(pattern(xShape, 0) as tf.Tensor4D, filter, stride, pad);
          const attributes = { strides: stride, pad, dataFormat: "NHWC", inputShape: xShape };
          const gradient = tf
            .engine()
            .runKernel("Conv2DBackpropInput", { dy, filter }, attributes) as tf.Tensor;
          const result = tf.add(gradient, pattern([xShape[3]], 3));
          gradient.dispose();
          return result.dataSync<"float32">();
        }),
      );
  const expected = await on("cpu", biased);
  const actual = await on("onnx", biased);
  expected.forEach((values, i) =>
    expectClose(actual[i] ?? [], values, 5e-5, JSON.stringify(cases[i])),
  );
});

test("relus of convolutions, leaky or not, and a convolution of the result equal the cpu backend's", async () => {
  const layers = (): Float32Array[] =>
    cases.flatMap(([xShape, filterShape, stride, pad, dilation = 1]) =>
      [0, 0.3].map((alpha) => {
        const both = tf.tidy(() => {
          const x = pattern(xShape, 0) as tf.Tensor4D;
          const filter = pattern(filterShape, 1) as tf.Tensor4D;
          const conv = tf.conv2d(x, filter, stride, pad, "NHWC", dilation);
          const sum = tf.add(conv, pattern([filterShape[3]], 3));
          const first = (alpha ? tf.leakyRelu(sum, alpha) : tf.relu(sum)) as tf.Tensor4D;
          tf.dispose([conv, sum]); // only what nobody can read any more is left out of the graph
          const next = pattern([3, 3, filterShape[3], 16], 2) as tf.Tensor4D;
          const second = tf.mul(tf.conv2d(first, next, 1, "same"), 0.01);
          return tf.concat([tf.reshape(first, [-1]), tf.reshape(second, [-1])]);
        });
        return both.dataSync<"float32">();
      }),
    );
  const expected = await on("cpu", layers);
  const actual = await on("onnx", layers);
  expected.forEach((values, i) =>
    expectClose(actual[i] ?? [], values, 5e-5, JSON.stringify(cases[i >> 1])),
  );
});
