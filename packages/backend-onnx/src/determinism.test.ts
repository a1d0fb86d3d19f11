import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { registerOnnxBackend } from "./register.ts";

beforeAll(async () => {
  await registerOnnxBackend({ threads: 2 });
  await tf.setBackend("onnx");
});

function wave(shape: number[]): tf.Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7)),
    shape,
  );
}

test("the same graph on two threads gives the same bits every time", () => {
  const graph = (): Float32Array[] =>
    tf.tidy(() => {
      const images = wave([4, 16, 16, 32]) as tf.Tensor4D;
      const filter = wave([3, 3, 32, 32]) as tf.Tensor4D;
      const features = tf.conv2d(images, filter, 1, "same");
      const dy = tf.tanh(features);
      const attributes = { strides: 1, pad: "same", dataFormat: "NHWC", dilations: 1 };
      const gradient = tf
        .engine()
        .runKernel(
          "Conv2DBackpropFilter",
          { x: images, dy },
          { ...attributes, filterShape: [3, 3, 32, 32] },
        );
      const product = tf.matMul(wave([256, 512]), wave([512, 256]));
      return [
        features,
        gradient as tf.Tensor,
        product,
        tf.sum(product),
        tf.mean(features, [0, 1, 2]),
      ].map((each) => each.dataSync<"float32">());
    });
  const first = graph();
  for (let i = 0; i < 5; i++) expect(graph()).toEqual(first);
});

test.each([
  { rows: 20_000, size: 16, segments: 3 },
  { rows: 100_000, size: 1, segments: 2 },
  { rows: 20_000, size: 8, segments: 2000 },
])("no row is lost among $rows rows of $size in $segments segments", ({ rows, size, segments }) => {
  tf.tidy(() => {
    const ids = tf.tensor1d(
      Int32Array.from({ length: rows }, (_, i) => i % segments),
      "int32",
    );
    const ones = tf.ones([rows, size]);
    const expected = Array.from({ length: segments }, (_, s) => Math.ceil((rows - s) / segments));
    for (let i = 0; i < 5; i++) {
      const sums = tf.unsortedSegmentSum(ones, ids, segments).dataSync();
      expect([...sums]).toEqual(
        expected.flatMap((count) => Array.from({ length: size }, () => count)),
      );
    }
  });
});
