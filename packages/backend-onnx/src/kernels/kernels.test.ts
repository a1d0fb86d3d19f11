import "@tensorflow/tfjs-backend-cpu";
import { expectClose } from "@gen/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { registerOnnxBackend } from "../register.ts";

beforeAll(async () => {
  await registerOnnxBackend({ threads: 1 });
});

/** Numbers in [-1, 1] with no two alike. */
function wave(shape: number[], phase = 0): tf.Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + phase)),
    shape,
  );
}

function ints(values: number[], shape: number[] = [values.length]): tf.Tensor {
  return tf.tensor(values, shape, "int32");
}

function run(kernel: string, inputs: object, attributes: object = {}): tf.Tensor | tf.Tensor[] {
  return tf.engine().runKernel(kernel, inputs as never, attributes as never);
}

const images = (): tf.Tensor4D => wave([2, 5, 6, 3]) as tf.Tensor4D;
const square = (): tf.Tensor4D => wave([2, 5, 5, 3]) as tf.Tensor4D;
const volume = (): tf.Tensor5D => wave([1, 4, 5, 3, 2]) as tf.Tensor5D;
const pool2 = { filterSize: 2, strides: 2, pad: "valid" };
const pool3 = { ...pool2, dataFormat: "NDHWC" };
const conv3 = { strides: 1, dilations: 1, pad: "same" };
const depthwise = { strides: [2, 2], dilations: [1, 1], pad: "same" };
const dilation = { strides: 1, pad: "same", dilations: 1 };
const response = { depthRadius: 2, bias: 1.5, alpha: 0.3, beta: 0.7 };
const boxes = (): tf.Tensor =>
  tf.tensor2d([
    [0.1, 0.2, 0.8, 0.9],
    [0, 0, 1, 1.2],
    [0.5, 0.5, 0.2, 0.1],
  ]);

/** One case or more for each group of kernels; the cpu backend says what is right. */
const cases: Record<string, () => tf.Tensor | tf.Tensor[]> = {
  "cumulative product": () => tf.cumprod(wave([3, 7]), 1, true, true),
  "stack, along axes counted from the end": () =>
    [0, 1, 2, -1, -2, -3].map((axis) => tf.stack([wave([2, 3]), wave([2, 3], 1)], axis)),
  diagonal: () => tf.diag(wave([2, 3])),
  "average pooling in 3-D": () => run("AvgPool3D", { x: volume() }, { ...pool3, pad: "same" }),
  "max pooling in 3-D": () => run("MaxPool3D", { x: volume() }, { ...pool3, pad: "same" }),
  "average pooling's gradient": () =>
    run("AvgPoolGrad", { dy: wave([2, 4, 5, 3], 1), input: images() }, { ...pool2, strides: 1 }),
  "average pooling's gradient in 3-D": () =>
    run("AvgPool3DGrad", { dy: wave([1, 2, 2, 1, 2], 1), input: volume() }, pool3),
  "max pooling's gradient": () => {
    const input = images();
    const output = tf.maxPool(input, 3, 1, "same");
    return run(
      "MaxPoolGrad",
      { dy: wave([2, 5, 6, 3], 1), input, output },
      { filterSize: 3, strides: 1, pad: "same" },
    );
  },
  "max pooling's gradient in 3-D": () =>
    run("MaxPool3DGrad", { dy: wave([1, 2, 2, 1, 2], 1), input: volume() }, pool3),
  "max pooling with positions": () =>
    run("MaxPoolWithArgmax", { x: images() }, { ...pool2, includeBatchInIndex: true }),
  "convolution in 3-D": () =>
    run(
      "Conv3D",
      { x: volume(), filter: wave([3, 2, 3, 2, 4], 1) },
      { ...conv3, strides: [2, 1, 1] },
    ),
  "convolution's input gradient in 3-D": () =>
    run(
      "Conv3DBackpropInputV2",
      { dy: wave([1, 4, 5, 3, 4], 1), filter: wave([3, 2, 3, 2, 4], 2) },
      { ...conv3, inputShape: [1, 4, 5, 3, 2] },
    ),
  "convolution's filter gradient in 3-D": () =>
    run(
      "Conv3DBackpropFilterV2",
      { x: volume(), dy: wave([1, 4, 5, 3, 4], 1) },
      { ...conv3, filterShape: [3, 2, 3, 2, 4] },
    ),
  "depthwise convolution's input gradient": () =>
    run(
      "DepthwiseConv2dNativeBackpropInput",
      { dy: wave([2, 3, 3, 6]), filter: wave([3, 3, 3, 2], 1) },
      { ...depthwise, inputShape: [2, 5, 6, 3] },
    ),
  "depthwise convolution's filter gradient": () =>
    run(
      "DepthwiseConv2dNativeBackpropFilter",
      { x: images(), dy: wave([2, 3, 3, 6], 1) },
      { ...depthwise, filterShape: [3, 3, 3, 2] },
    ),
  "bilinear resizing's gradient": () =>
    run(
      "ResizeBilinearGrad",
      { images: square(), dy: wave([2, 7, 7, 3], 1) },
      { alignCorners: true },
    ),
  "nearest resizing's gradient": () =>
    run(
      "ResizeNearestNeighborGrad",
      { images: wave([1, 5, 6, 3]), dy: wave([1, 7, 4, 3], 1) },
      { alignCorners: false },
    ),
  "crop and resize": () =>
    tf.image.cropAndResize(
      images(),
      boxes() as tf.Tensor2D,
      ints([0, 1, 1]) as tf.Tensor1D,
      [3, 4],
    ),
  "flip left and right": () => tf.image.flipLeftRight(images()),
  rotation: () => tf.image.rotateWithOffset(images(), 0.7, [0.1, 0.2, 0.3], [0.3, 0.6]),
  "projective transform": () =>
    tf.image.transform(
      wave([1, 5, 6, 3]) as tf.Tensor4D,
      tf.tensor2d([[1.1, 0.1, -0.6, 0.2, 0.9, 0.4, 0.01, 0.02]]),
      "bilinear",
      "reflect",
    ),
  dilation: () => run("Dilation2D", { x: images(), filter: wave([3, 2, 3], 1) }, dilation),
  "dilation's input gradient": () =>
    run(
      "Dilation2DBackpropInput",
      { x: images(), filter: wave([3, 2, 3], 1), dy: wave([2, 5, 6, 3], 2) },
      dilation,
    ),
  "dilation's filter gradient": () =>
    run(
      "Dilation2DBackpropFilter",
      { x: images(), filter: wave([3, 2, 3], 1), dy: wave([2, 5, 6, 3], 2) },
      dilation,
    ),
  "batch normalization": () =>
    tf.batchNorm(
      images(),
      wave([3]) as tf.Tensor1D,
      tf.tensor1d([1, 2, 3]),
      wave([3], 1) as tf.Tensor1D,
      wave([3], 2) as tf.Tensor1D,
    ),
  "local response normalization": () => run("LRN", { x: wave([1, 2, 2, 6]) }, response),
  "local response normalization's gradient": () =>
    run(
      "LRNGrad",
      { x: wave([1, 2, 2, 6]), y: wave([1, 2, 2, 6], 1), dy: wave([1, 2, 2, 6], 2) },
      response,
    ),
  "weighted counts": () =>
    tf.bincount(ints([1, 3, 1, 9]) as tf.Tensor1D, wave([4]) as tf.Tensor1D, 5),
  "counts by row": () =>
    tf.denseBincount(
      ints([1, 3, 1, 9, 0, 0], [2, 3]) as tf.Tensor2D,
      tf.tensor2d([], [0, 0]),
      4,
      true,
    ),
  "search in sorted rows": () =>
    tf.upperBound(
      tf.tensor2d([
        [0, 2, 2, 5],
        [1, 3, 6, 7],
      ]),
      tf.tensor2d([
        [2, 9],
        [0, 6],
      ]),
    ),
  "sums over segments": () =>
    tf.unsortedSegmentSum(wave([6, 2]), ints([2, 0, -1, 2, 2, 1]) as tf.Tensor1D, 3),
  "scatter with repeated positions": () =>
    tf.scatterND(ints([1, 0, 1, 0, 0, 1], [3, 2]), wave([3, 4]), [2, 2, 4]),
  "gather with batches": () => tf.gather(wave([2, 4, 3]), ints([3, 0, 1, 1], [2, 2]), 1, 1),
  "sparse to dense": () => tf.sparseToDense(ints([1, 3]), wave([2]), [5], tf.scalar(0.5)),
  "means over sparse segments": () =>
    tf.sparse.sparseSegmentMean(
      wave([4, 2]),
      ints([0, 3, 1]) as tf.Tensor1D,
      ints([0, 0, 2]) as tf.Tensor1D,
    ),
  "empty rows filled": () =>
    Object.values(
      tf.sparse.sparseFillEmptyRows(
        ints([0, 1, 3, 0], [2, 2]) as tf.Tensor2D,
        wave([2]) as tf.Tensor1D,
        ints([5, 2]) as tf.Tensor1D,
        tf.scalar(9),
      ),
    ),
  "unique columns": () => Object.values(tf.unique(ints([1, 2, 1, 3, 4, 3], [2, 3]), 1)),
  "non-maximum suppression": () =>
    tf.image.nonMaxSuppression(boxes() as tf.Tensor2D, tf.tensor1d([0.4, 0.9, 0.6]), 3, 0.4),
  "complex product": () => {
    const a = tf.complex(wave([2, 3]), wave([2, 3], 1));
    const b = tf.complex(wave([2, 3], 2), wave([2, 3], 3));
    const product = tf.mul(a, b);
    return [tf.real(product), tf.imag(product), tf.abs(product)];
  },
  "Fourier transform": () => {
    const spectrum = tf.fft(tf.complex(wave([2, 6]), wave([2, 6], 1)));
    return [tf.real(spectrum), tf.imag(spectrum), tf.real(tf.ifft(spectrum))];
  },
};

async function on(
  backend: string,
): Promise<{ shape: number[]; dtype: string; numbers: number[] }[][]> {
  await tf.setBackend(backend);
  return Object.values(cases).map((body) =>
    tf.tidy(() =>
      [body()].flat().map((each) => ({
        shape: each.shape,
        dtype: each.dtype,
        numbers: [...each.dataSync<"float32">()],
      })),
    ),
  );
}

test("kernels of every group answer what the cpu backend answers, in shape, type and finite values", async () => {
  const expected = await on("cpu");
  const actual = await on("onnx");
  Object.keys(cases).forEach((name, i) => {
    expect(actual[i]?.length, name).toBe(expected[i]?.length);
    expected[i]?.forEach((result, j) => {
      const ours = actual[i]?.[j];
      expect([ours?.shape, ours?.dtype], name).toEqual([result.shape, result.dtype]);
      expect(ours?.numbers.every(Number.isFinite), `${name}: finite`).toBe(true);
      expectClose(ours?.numbers ?? [], result.numbers, 2e-5, name);
    });
  });
});

test("strings are moved, compared and split as on the cpu backend", async () => {
  const texts = (): tf.Tensor =>
    tf.tensor2d(
      [
        ["b", "é"],
        ["", "abc"],
      ],
      [2, 2],
      "string",
    );
  const body = (): unknown[] =>
    [
      tf.concat([texts(), tf.tile(texts(), [1, 2])], 1),
      tf.slice(texts(), [0, 1], [2, 1]),
      ...tf.unstack(texts()),
      tf.less(texts(), tf.tensor1d(["b", "b"], "string")),
      tf.string.stringToHashBucketFast(texts(), 10),
      ...Object.values(tf.string.stringSplit(tf.tensor1d(["a b", " c"], "string"), " ")),
      ...Object.values(
        tf.string.stringNGrams(
          tf.tensor1d(["x", "y", "z"], "string"),
          ints([0, 2, 3]),
          "-",
          [2],
          "<",
          ">",
          -1,
          false,
        ),
      ),
    ].map((each) => [each.shape, each.dtype, [...each.dataSync()]]);
  await tf.setBackend("cpu");
  const expected = body();
  await tf.setBackend("onnx");
  expect(body()).toEqual(expected);
});

/** The derivative of f at x in a direction, by central differences of sums in double precision. */
function slope(
  f: (x: tf.Tensor) => tf.Tensor,
  x: tf.Tensor,
  dy: tf.Tensor,
  direction: tf.Tensor,
): number {
  const step = 0.01;
  const weights = dy.dataSync();
  const [above, below] = [step, -step].map((h) =>
    f(tf.add(x, tf.mul(direction, h)))
      .dataSync<"float32">()
      .reduce((sum, y, i) => sum + y * (weights[i] as number), 0),
  ) as [number, number];
  return (above - below) / (2 * step);
}

test("gradients that the cpu backend gets wrong agree with differences", async () => {
  await tf.setBackend("onnx");
  const x = images();
  const direction = wave(x.shape, 5);
  const check = (
    name: string,
    f: (x: tf.Tensor) => tf.Tensor,
    outShape: number[],
    dx: (dy: tf.Tensor) => tf.Tensor,
  ): void => {
    const dy = wave(outShape, 2);
    const along = tf.sum(tf.mul(dx(dy), direction)).dataSync<"float32">()[0] as number;
    expect(Math.abs(along - slope(f, x, dy, direction)), name).toBeLessThan(
      2e-3 * Math.max(1, Math.abs(along)),
    );
  };
  const same = { filterSize: 3, strides: 2, pad: "same" };
  check(
    "average pooling with padding",
    (v) => tf.avgPool(v as tf.Tensor4D, 3, 2, "same"),
    [2, 3, 3, 3],
    (dy) => run("AvgPoolGrad", { dy, input: x }, same) as tf.Tensor,
  );
  for (const [alignCorners, halfPixelCenters] of [
    [true, false],
    [false, true],
    [false, false],
  ] as const) {
    const attributes = { alignCorners, halfPixelCenters };
    for (const mode of ["Bilinear", "NearestNeighbor"]) {
      check(
        `${mode} ${JSON.stringify(attributes)}`,
        (v) => run(`Resize${mode}`, { images: v }, { ...attributes, size: [9, 4] }) as tf.Tensor,
        [2, 9, 4, 3],
        (dy) => run(`Resize${mode}Grad`, { images: x, dy }, attributes) as tf.Tensor,
      );
    }
  }
});
