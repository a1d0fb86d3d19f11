import type { Value } from "../graph.ts";
import type { LoweringGraph } from "./lowering-graph.ts";
import type { Attributes } from "../onnx/types.ts";
import { conv2d, conv2dInputGradient, depthwiseConv2d } from "./conv2d.ts";
import { conv2dFilterGradient } from "./conv2d-filter-gradient.ts";

/** Writes one of the engine's own operations as ONNX operations: the form depends on shapes and on the target. */
export type Lowering = (
  graph: LoweringGraph,
  inputs: readonly Value[],
  attributes: Attributes,
  outputs: readonly Value[],
) => Value[];

export const lowerings: Readonly<Record<string, Lowering>> = {
  Conv2D: conv2d,
  Conv2DInputGradient: conv2dInputGradient,
  Conv2DFilterGradient: conv2dFilterGradient,
  DepthwiseConv2D: depthwiseConv2d,
};
