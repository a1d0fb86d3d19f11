import { backend_util } from "@tensorflow/tfjs-core";
import { type Graph, sizeOf, type Value } from "../graph.ts";
import { binaryOp } from "./binary.ts";
import {
  channelsFirst,
  channelsLast,
  geometryOf2D,
  geometryOf3D,
  type Geometry,
  windowAttributes,
} from "./geometry.ts";
import type { Kernel, Kernels } from "./kernel.ts";
import { reduceOp } from "./reduce.ts";
import { filled } from "./shape.ts";
import { transposedConv, windowsOf } from "./windows.ts";

type Rank = 2 | 3;

// TensorFlow.js's attributes are untyped.
// oxlint-disable-next-line typescript/no-explicit-any
function poolGeometry(rank: Rank, shape: readonly number[], attributes: any): Geometry {
  const { filterSize, strides, pad, dimRoundingMode, dataFormat } = attributes;
  const x = [...shape] as never;
  return rank === 2
    ? geometryOf2D(backend_util.computePool2DInfo(x, filterSize, strides, 1, pad, dimRoundingMode))
    : geometryOf3D(
        backend_util.computePool3DInfo(x, filterSize, strides, 1, pad, dimRoundingMode, dataFormat),
      );
}

/** Pooling of x [batch, ...space, channels]. An average counts only what lies inside. */
function pool(op: "AveragePool" | "MaxPool", rank: Rank): Kernel {
  return ({ graph, input, attributes }) => {
    const x = graph.cast(input("x"), "float32");
    const geometry = poolGeometry(rank, x.shape, attributes);
    if (isWide(geometry)) return poolWindows(graph, op, x, geometry);
    const [N, C] = [x.shape[0] as number, x.shape.at(-1) as number];
    const pooled = graph.op(op, [graph.transpose(x, channelsFirst(rank))], {
      shape: [N, C, ...geometry.outSpace],
      attributes: windowAttributes(geometry),
    });
    return graph.transpose(pooled, channelsLast(rank));
  };
}

/** Whether a window may lie outside altogether, or nowhere: ONNX's pooling refuses that. */
function isWide({ kernel, before, after, outSpace }: Geometry): boolean {
  return kernel.some(
    (size, i) =>
      Math.max(before[i] as number, after[i] as number) >= size || (outSpace[i] as number) <= 0,
  );
}

/** The same, window by window. */
function poolWindows(graph: Graph, op: string, x: Value, geometry: Geometry): Value {
  const shape = [x.shape[0] as number, ...geometry.outSpace, x.shape.at(-1) as number];
  if (sizeOf(shape) === 0) return graph.constant("float32", shape, new Float32Array(), "");
  if (op === "MaxPool") {
    const windows = windowsOf(graph, x, geometry, -Infinity);
    return graph.reshape(reduceOp(graph, "ReduceMax", windows, 2), shape);
  }
  const sums = reduceOp(graph, "ReduceSum", windowsOf(graph, x, geometry), 2);
  return binaryOp(graph, "Mul", graph.reshape(sums, shape), sharesOf(graph, geometry));
}

/** Each window's gradient, divided by what the window counts, goes back to all of it. */
function averageGradient(rank: Rank): Kernel {
  return ({ graph, input, tensor, attributes }) => {
    const dy = input("dy");
    const geometry = poolGeometry(rank, tensor("input").shape, attributes);
    const { kernel, outSpace, space } = geometry;
    const [N, C] = [dy.shape[0] as number, dy.shape.at(-1) as number];
    const share = binaryOp(graph, "Mul", dy, sharesOf(graph, geometry));
    const first = graph.reshape(graph.transpose(share, channelsFirst(rank)), [
      N * C,
      1,
      ...outSpace,
    ]);
    const ones = filled(graph, [1, 1, ...kernel], "float32", 1);
    const spread = transposedConv(graph, first, ones, geometry);
    return graph.transpose(graph.reshape(spread, [N, C, ...space]), channelsLast(rank));
  };
}

/** One over the number of inputs under each window: [...outSpace, 1]. */
function sharesOf(graph: Graph, geometry: Geometry): Value {
  const { space, outSpace, kernel, strides, before } = geometry;
  const counts = outSpace.map((size, axis) =>
    Array.from({ length: size }, (_, i) => {
      const from = i * (strides[axis] as number) - (before[axis] as number);
      const to = from + (kernel[axis] as number);
      return Math.min(to, space[axis] as number) - Math.max(from, 0);
    }),
  );
  const shares = Float32Array.from({ length: sizeOf(outSpace) }, (_, position) => {
    let [count, p] = [1, position];
    for (let axis = outSpace.length - 1; axis >= 0; axis--) {
      count *= Math.max(0, counts[axis]?.[p % (outSpace[axis] as number)] as number);
      p = Math.floor(p / (outSpace[axis] as number));
    }
    return count > 0 ? 1 / count : 0;
  });
  const key = `shares ${[space, outSpace, kernel, strides, before].join(" ")}`;
  return graph.constant("float32", [...outSpace, 1], shares, key);
}

/** The largest value of each window, and where it is in x [batch, channels, ...space] laid out in a row. */
function maxPositions(graph: Graph, x: Value, geometry: Geometry): [Value, Value] {
  const shape = [...x.shape.slice(0, 2), ...geometry.outSpace];
  return graph.multi(
    "MaxPool",
    [x],
    [
      { shape, type: "float32" },
      { shape, type: "int64" },
    ],
    {
      attributes: windowAttributes(geometry),
    },
  ) as [Value, Value];
}

/** Each window's gradient goes to its largest value, the first of several. */
function maxGradient(rank: Rank): Kernel {
  return ({ graph, input, attributes }) => {
    const dy = graph.transpose(input("dy"), channelsFirst(rank));
    const x = graph.transpose(graph.cast(input("input"), "float32"), channelsFirst(rank));
    const geometry = poolGeometry(rank, input("input").shape, attributes);
    const [, positions] = maxPositions(graph, x, geometry);
    const count = sizeOf(dy.shape);
    const gradient = graph.op(
      "ScatterElements",
      [
        filled(graph, [sizeOf(x.shape)], "float32", 0),
        graph.reshape(positions, [count]),
        graph.reshape(dy, [count]),
      ],
      { attributes: { axis: { int: 0 }, reduction: { string: "add" } } },
    );
    return graph.transpose(graph.reshape(gradient, x.shape), channelsLast(rank));
  };
}

export const poolKernels: Kernels = {
  AvgPool: pool("AveragePool", 2),
  MaxPool: pool("MaxPool", 2),
  AvgPool3D: pool("AveragePool", 3),
  MaxPool3D: pool("MaxPool", 3),
  AvgPoolGrad: averageGradient(2),
  AvgPool3DGrad: averageGradient(3),
  MaxPoolGrad: maxGradient(2),
  MaxPool3DGrad: maxGradient(3),
  MaxPoolWithArgmax: ({ graph, input, attributes }) => {
    const x = graph.cast(input("x"), "float32");
    if (x.shape.length !== 4)
      throw new Error(`maxPoolWithArgmax: x must have rank 4, not [${x.shape}]`);
    const [N, H, W, C] = x.shape as [number, number, number, number];
    const geometry = poolGeometry(2, x.shape, attributes);
    const [values, positions] = maxPositions(graph, graph.transpose(x, [0, 3, 1, 2]), geometry);
    // From positions in [batch, channels, pixels] to positions in [(batch,) pixels, channels].
    const pixel = graph.op("Mod", [
      graph.cast(graph.transpose(positions, [0, 2, 3, 1]), "int32"),
      graph.scalar(H * W, "int32"),
    ]);
    const channels = Int32Array.from({ length: N * C }, (_, i) => {
      const image = attributes.includeBatchInIndex ? Math.floor(i / C) * H * W * C : 0;
      return image + (i % C);
    });
    const offsets = graph.constant("int32", [N, 1, 1, C], channels, `offsets ${channels.join()}`);
    const scaled = graph.op("Mul", [pixel, graph.scalar(C, "int32")]);
    return [graph.transpose(values, [0, 2, 3, 1]), binaryOp(graph, "Add", scaled, offsets)];
  },
};
