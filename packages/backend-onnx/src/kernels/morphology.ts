import { backend_util } from "@tensorflow/tfjs-core";
import { sizeOf, type Value } from "../graph.ts";
import { binaryOp, whereOp } from "./binary.ts";
import { type Geometry, geometryOf2D } from "./geometry.ts";
import type { Call, Kernels } from "./kernel.ts";
import { reduceOp } from "./reduce.ts";
import { overlapAdd, windowsOf } from "./windows.ts";

function geometryOf(call: Call): Geometry {
  const { strides, pad, dilations } = call.attributes;
  const [x, filter] = [call.tensor("x").shape, call.tensor("filter").shape];
  return geometryOf2D(
    backend_util.computeDilation2DInfo(
      x as never,
      filter as never,
      strides,
      pad,
      "NHWC",
      dilations,
    ),
  );
}

/** Each window of x plus the filter: [batch, positions, taps, channels]. */
function raised({ graph, input }: Call, geometry: Geometry): Value {
  const filter = input("filter");
  const C = filter.shape[2] as number;
  const windows = windowsOf(graph, graph.cast(input("x"), "float32"), geometry, -3e38);
  const taps = graph.reshape(graph.cast(filter, "float32"), [sizeOf(geometry.kernel), C]);
  return binaryOp(graph, "Add", windows, taps);
}

/** The output's gradient at the tap that is the window's first maximum, zero elsewhere. */
function routed(call: Call, geometry: Geometry): Value {
  const { graph, input } = call;
  const windows = raised(call, geometry);
  const [N, positions, taps, C] = windows.shape as [number, number, number, number];
  const first = graph.op("ArgMax", [windows], {
    shape: [N, positions, 1, C],
    type: "int64",
    attributes: { axis: { int: 2 }, keepdims: { int: 1 } },
  });
  const numbers = BigInt64Array.from({ length: taps }, (_, i) => BigInt(i));
  const all = graph.constant("int64", [taps, 1], numbers, `taps ${taps}`);
  const chosen = binaryOp(graph, "Equal", first, all, "bool");
  return whereOp(graph, chosen, graph.reshape(input("dy"), [N, positions, 1, C]), graph.scalar(0));
}

export const morphologyKernels: Kernels = {
  Dilation2D: (call) => {
    const { graph, input, tensor } = call;
    const geometry = geometryOf(call);
    const [N, , , C] = tensor("x").shape as [number, number, number, number];
    const largest = reduceOp(graph, "ReduceMax", raised(call, geometry), 2);
    return graph.cast(graph.reshape(largest, [N, ...geometry.outSpace, C]), input("x").type);
  },
  Dilation2DBackpropInput: (call) => {
    const geometry = geometryOf(call);
    return overlapAdd(call.graph, routed(call, geometry), geometry);
  },
  Dilation2DBackpropFilter: (call) => {
    const { graph, tensor } = call;
    const sum = reduceOp(graph, "ReduceSum", routed(call, geometryOf(call)), [0, 1]);
    return graph.reshape(sum, tensor("filter").shape);
  },
};
