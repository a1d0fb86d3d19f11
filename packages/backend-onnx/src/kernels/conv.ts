import { backend_util } from "@tensorflow/tfjs-core";
import { type Graph, sizeOf, type Value } from "../graph.ts";
import type { Attributes } from "../onnx/types.ts";
import { binaryOp } from "./binary.ts";
import { geometryOf2D } from "./geometry.ts";
import type { Call, Kernels } from "./kernel.ts";
import { activate, matMulOp } from "./matmul.ts";
import { sliceOp } from "./shape.ts";
import { transposedConv, windowsOf } from "./windows.ts";

type ConvInfo = backend_util.Conv2DInfo;

/** What a convolution's lowering must know beside its operands' shapes. */
function convAttributes(info: ConvInfo): Attributes {
  const { top, left, bottom, right } = info.padInfo;
  return {
    strides: { ints: [info.strideHeight, info.strideWidth] },
    dilations: { ints: [info.dilationHeight, info.dilationWidth] },
    pads: { ints: [top, left, bottom, right] },
    kernel: { ints: [info.filterHeight, info.filterWidth] },
  };
}

function convInfo(
  { attributes }: Call,
  inShape: readonly number[],
  filterShape: readonly number[],
  depthwise = false,
): ConvInfo {
  const { strides, pad, dilations, dimRoundingMode, dataFormat } = attributes;
  return backend_util.computeConv2DInfo(
    [...inShape] as [number, number, number, number],
    [...filterShape] as [number, number, number, number],
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    depthwise,
    backend_util.convertConv2DDataFormat(dataFormat ?? "NHWC"),
  );
}

/** The lowerings work on NHWC; NCHW is turned on the way in and out. */
function channelsLast(call: Call, name: string): Value {
  const value = call.input(name);
  return call.attributes.dataFormat === "NCHW" ? call.graph.transpose(value, [0, 2, 3, 1]) : value;
}

function restore(call: Call, value: Value): Value {
  return call.attributes.dataFormat === "NCHW" ? call.graph.transpose(value, [0, 3, 1, 2]) : value;
}

function conv(graph: Graph, x: Value, filter: Value, info: ConvInfo): Value {
  return graph.op("Conv2D", [x, filter], {
    domain: "gen",
    shape: [info.batchSize, info.outHeight, info.outWidth, info.outChannels],
    attributes: convAttributes(info),
  });
}

function finish(call: Call, result: Value): Value {
  const { graph, tensor, attributes } = call;
  const biased = tensor("bias") ? binaryOp(graph, "Add", result, call.input("bias")) : result;
  // In NCHW, weights of rank 3 are laid out as the channels-first result is.
  const slopes = tensor("preluActivationWeights");
  const first = attributes.dataFormat === "NCHW" && slopes?.shape.length === 3;
  const given = slopes ? call.input("preluActivationWeights") : undefined;
  const weights = given && first ? graph.transpose(given, [1, 2, 0]) : given;
  return activate(graph, biased, attributes.activation, weights, attributes.leakyreluAlpha);
}

export const convKernels: Kernels = {
  Conv2D: (call) => {
    const filter = call.input("filter");
    const info = convInfo(call, call.tensor("x").shape, filter.shape);
    return restore(call, conv(call.graph, channelsLast(call, "x"), filter, info));
  },
  FusedConv2D: (call) => {
    const filter = call.input("filter");
    const info = convInfo(call, call.tensor("x").shape, filter.shape);
    return restore(call, finish(call, conv(call.graph, channelsLast(call, "x"), filter, info)));
  },
  Conv2DBackpropInput: (call) => {
    const filter = call.input("filter");
    const info = convInfo(call, call.attributes.inputShape, filter.shape);
    // A dy larger than the convolution's output counts as far as that reaches.
    const dy = channelsLast(call, "dy");
    const [N, , , O] = dy.shape as [number, number, number, number];
    const used = sliceOp(call.graph, dy, [0, 0, 0, 0], [N, info.outHeight, info.outWidth, O]);
    const gradient = call.graph.op("Conv2DInputGradient", [used, filter], {
      domain: "gen",
      shape: [info.batchSize, info.inHeight, info.inWidth, info.inChannels],
      attributes: convAttributes(info),
    });
    return restore(call, gradient);
  },
  Conv2DBackpropFilter: (call) => {
    const { filterShape } = call.attributes;
    const info = convInfo(call, call.tensor("x").shape, filterShape);
    return call.graph.op(
      "Conv2DFilterGradient",
      [channelsLast(call, "x"), channelsLast(call, "dy")],
      {
        domain: "gen",
        shape: filterShape,
        attributes: convAttributes(info),
      },
    );
  },
  DepthwiseConv2dNative: (call) => {
    const filter = call.input("filter");
    const info = convInfo(call, call.tensor("x").shape, filter.shape, true);
    return restore(call, depthwise(call.graph, channelsLast(call, "x"), filter, info));
  },
  FusedDepthwiseConv2D: (call) => {
    const filter = call.input("filter");
    const info = convInfo(call, call.tensor("x").shape, filter.shape, true);
    return restore(
      call,
      finish(call, depthwise(call.graph, channelsLast(call, "x"), filter, info)),
    );
  },
  DepthwiseConv2dNativeBackpropInput: (call) => {
    const { graph, input, attributes } = call;
    const filter = input("filter");
    const [kh, kw, I, M] = filter.shape as [number, number, number, number];
    const geometry = geometryOf2D(convInfo(call, attributes.inputShape, filter.shape, true));
    const weights = graph.reshape(graph.transpose(filter, [2, 3, 0, 1]), [I * M, 1, kh, kw]);
    const dy = graph.transpose(input("dy"), [0, 3, 1, 2]);
    return graph.transpose(transposedConv(graph, dy, weights, geometry, I), [0, 2, 3, 1]);
  },
  DepthwiseConv2dNativeBackpropFilter: (call) => {
    // Channel by channel, windows of x times dy.
    const { graph, input, attributes } = call;
    const [x, dy] = [input("x"), input("dy")];
    const [kh, kw, I, M] = attributes.filterShape as [number, number, number, number];
    const geometry = geometryOf2D(convInfo(call, x.shape, attributes.filterShape, true));
    const rows = sizeOf(dy.shape) / (I * M);
    const windows = graph.reshape(windowsOf(graph, x, geometry), [rows, kh * kw, I]);
    const product = matMulOp(
      graph,
      graph.transpose(windows, [2, 1, 0]),
      graph.transpose(graph.reshape(dy, [rows, I, M]), [1, 0, 2]),
    );
    return graph.reshape(graph.transpose(product, [1, 0, 2]), [kh, kw, I, M]);
  },
};

function depthwise(graph: Graph, x: Value, filter: Value, info: ConvInfo): Value {
  return graph.op("DepthwiseConv2D", [x, filter], {
    domain: "gen",
    shape: [info.batchSize, info.outHeight, info.outWidth, info.outChannels],
    attributes: convAttributes(info),
  });
}
