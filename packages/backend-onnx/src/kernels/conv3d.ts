import { backend_util } from "@tensorflow/tfjs-core";
import { type Graph, sizeOf, type Value } from "../graph.ts";
import {
  channelsFirst,
  channelsLast,
  type Geometry,
  geometryOf3D,
  windowAttributes,
} from "./geometry.ts";
import type { Call, Kernels } from "./kernel.ts";
import { matMulOp } from "./matmul.ts";
import { transposedConv, windowsOf } from "./windows.ts";

function geometryOf(
  { attributes: { strides, pad, dilations = 1 } }: Call,
  shape: readonly number[],
  filterShape: readonly number[],
): Geometry {
  const info = backend_util.computeConv3DInfo(
    [...shape] as never,
    [...filterShape] as never,
    strides,
    dilations,
    pad,
  );
  return geometryOf3D(info);
}

/** [depth, height, width, in, out] as ONNX's [out, in, depth, height, width]. */
function filterFirst(graph: Graph, filter: Value): Value {
  return graph.transpose(filter, [4, 3, 0, 1, 2]);
}

export const conv3dKernels: Kernels = {
  Conv3D: (call) => {
    const { graph, input } = call;
    const [x, filter] = [input("x"), input("filter")];
    const geometry = geometryOf(call, x.shape, filter.shape);
    const inputs = [graph.transpose(x, channelsFirst(3)), filterFirst(graph, filter)];
    const result = graph.op("Conv", inputs, {
      shape: [x.shape[0] as number, filter.shape[4] as number, ...geometry.outSpace],
      attributes: windowAttributes(geometry),
    });
    return graph.transpose(result, channelsLast(3));
  },
  Conv3DBackpropInputV2: (call) => {
    const { graph, input, attributes } = call;
    const [dy, filter] = [input("dy"), input("filter")];
    const geometry = geometryOf(call, attributes.inputShape, filter.shape);
    const first = graph.transpose(dy, channelsFirst(3));
    const gradient = transposedConv(graph, first, filterFirst(graph, filter), geometry);
    return graph.transpose(gradient, channelsLast(3));
  },
  Conv3DBackpropFilterV2: (call) => {
    const { graph, input, attributes } = call;
    const [x, dy] = [input("x"), input("dy")];
    const filterShape = attributes.filterShape as number[];
    const geometry = geometryOf(call, x.shape, filterShape);
    const [I, O] = filterShape.slice(3) as [number, number];
    const rows = sizeOf(dy.shape) / O;
    const windows = graph.reshape(windowsOf(graph, x, geometry), [
      rows,
      sizeOf(geometry.kernel) * I,
    ]);
    return graph.reshape(matMulOp(graph, windows, graph.reshape(dy, [rows, O]), true), filterShape);
  },
};
