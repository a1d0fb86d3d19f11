import { type Graph, sizeOf, type Value } from "../graph.ts";
import { matMulOp } from "../kernels/matmul.ts";
import { padOp } from "../kernels/shape.ts";
import { type ConvGeometry, geometryOf, isPointwise } from "./conv-geometry.ts";
import type { Lowering } from "./index.ts";

type Four = [number, number, number, number];

/**
 * The gradient of a convolution with respect to its filter, of x [N,H,W,I] and dy [N,H',W',O]: the windows of x as rows
 * (one gather), then one product with dy.
 */
export const conv2dFilterGradient: Lowering = (graph, inputs, attributes, outputs) => {
  const [x, dy] = inputs as [Value, Value];
  const geometry = geometryOf(attributes);
  const [kh, kw, I, O] = (outputs[0] as Value).shape as Four;
  const [N, H, W] = dy.shape as Four;
  const rows = N * H * W;
  const windows = isPointwise(geometry)
    ? graph.reshape(x, [rows, I])
    : graph.reshape(gatherWindows(graph, x, geometry, H, W), [rows, kh * kw * I]);
  const gradient = productOverRows(graph, windows, graph.reshape(dy, [rows, O]));
  return [graph.reshape(gradient, [kh, kw, I, O])];
};

/** aᵀ·b of a [rows, m] and b [rows, n]: in two halves, side by side, where b is wide enough to keep both busy. */
function productOverRows(graph: Graph, a: Value, b: Value): Value {
  const [rows, m] = a.shape as [number, number];
  const n = b.shape[1] as number;
  if (n < 64 || rows % 2 === 1) return matMulOp(graph, a, b, true);
  const halves = matMulOp(
    graph,
    graph.reshape(a, [2, rows / 2, m]),
    graph.reshape(b, [2, rows / 2, n]),
    true,
  );
  return graph.op("ReduceSum", [halves, graph.ints([0])], {
    shape: [m, n],
    attributes: { keepdims: { int: 0 } },
  });
}

/** For every output position its window of x: [N, H'·W', kh·kw, I]. */
function gatherWindows(
  graph: Graph,
  x: Value,
  geometry: ConvGeometry,
  outHeight: number,
  outWidth: number,
): Value {
  const { kernel, strides, dilations, pads } = geometry;
  const [kh, kw] = kernel;
  const [top, left, bottom, right] = pads;
  const padded = padOp(graph, x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
  const [N, height, width, I] = padded.shape as Four;
  const inImage = new Int32Array(outHeight * outWidth * kh * kw);
  let at = 0;
  for (let row = 0; row < outHeight; row++) {
    for (let column = 0; column < outWidth; column++) {
      for (let i = 0; i < kh; i++) {
        for (let j = 0; j < kw; j++) {
          const y = row * strides[0] + i * dilations[0];
          inImage[at++] = y * width + column * strides[1] + j * dilations[1];
        }
      }
    }
  }
  const windows = outHeight * outWidth;
  const taps = kh * kw;
  const key = `windows ${[outHeight, outWidth, height, width, ...kernel, ...strides, ...dilations].join()}`;
  const firstImage = graph.constant("int32", [1, windows, taps], inImage, key);
  const offsets = graph.constant(
    "int32",
    [N, 1, 1],
    Int32Array.from({ length: N }, (_, n) => n * height * width),
    `images ${N} ${height * width}`,
  );
  const indices = graph.op("Add", [firstImage, offsets], { shape: [N, windows, taps] });
  return graph.op("Gather", [graph.reshape(padded, [sizeOf(padded.shape) / I, I]), indices], {
    shape: [N, windows, taps, I],
    attributes: { axis: { int: 0 } },
  });
}
