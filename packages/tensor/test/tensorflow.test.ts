import { expectClose } from "@gen/testing";
import { expect, test } from "vitest";
import {
  avgPool,
  compile,
  conv2d,
  depthwiseConv2d,
  grad,
  grads,
  key,
  maxPool,
  memory,
  mul,
  normal,
  sigmoid,
  square,
  sum,
  type Tensor,
  tensor1d,
  type Tensor4D,
  tidy,
  useBackend,
} from "../src/index.ts";
import { isInstalled } from "./is-installed.ts";

const missing = "@tensorflow/tfjs-node is not installed (docs/tensorflow-native.md says how)";

/** Values and gradients of windows over an image whose padding is a number, or one for each side. */
function padded(): number[][] {
  const [x, w] = [normal(key(1), [2, 7, 6, 3]), normal(key(2), [3, 3, 3, 4])];
  const deep = normal(key(3), [3, 3, 3, 2]);
  const sides: [number, number][] = [
    [0, 0],
    [0, 1],
    [1, 2],
    [0, 0],
  ];
  const of = (f: (x: Tensor4D, w: Tensor4D) => Tensor, filter: Tensor): Tensor[] => [
    f(x as Tensor4D, filter as Tensor4D),
    ...grads((a: Tensor, b: Tensor) => sum(square(f(a as Tensor4D, b as Tensor4D))))([x, filter]),
  ];
  const pooled = (f: (x: Tensor4D) => Tensor): Tensor[] => [
    f(x as Tensor4D),
    grad((a: Tensor) => sum(square(f(a as Tensor4D))))(x),
  ];
  return [
    ...of((a, b) => conv2d(a, b, 1, 1), w),
    ...of((a, b) => conv2d(a, b, 2, 1), w),
    ...of((a, b) => conv2d(a, b, 2, sides as never), w),
    ...of((a, b) => depthwiseConv2d(a, b, 1, 1 as never), deep),
    ...pooled((a) => maxPool(a, 3, 2, 1)),
    ...pooled((a) => avgPool(a, 3, 2, 1)),
  ].map((t) => [...t.dataSync()]);
}

test("TensorFlow's own library answers what the cpu backend does, padded by numbers too", async ({
  skip,
}) => {
  skip(!isInstalled("@tensorflow/tfjs-node"), missing);
  await useBackend("cpu");
  const expected = tidy(() => padded() as never) as unknown as number[][];
  const { device } = await useBackend("tensorflow");
  expect(device).toContain("TensorFlow's native library");
  const before = memory().numTensors;
  const ours = tidy(() => padded() as never) as unknown as number[][];
  expect(memory().numTensors).toBe(before);
  ours.forEach((numbers, i) => expectClose(numbers, expected[i]!, 1e-5, `result ${i}`));
});

test("gradients are ours on it, and compiled functions are called as they are", async ({
  skip,
}) => {
  skip(!isInstalled("@tensorflow/tfjs-node"), missing);
  await useBackend("tensorflow");
  const silu = (x: Tensor): Tensor => mul(x, sigmoid(x));
  const second = compile((x: Tensor) =>
    grad((z: Tensor) => sum(grad((t: Tensor) => sum(silu(t)))(z)))(x),
  );
  const x = tensor1d([0.7]);
  expect(second(x).dataSync()[0]).toBeCloseTo(0.391221, 6);
  expect(second.stats).toMatchObject({ calls: 1, compilations: 0 });
});
