import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from "@tensorflow/tfjs-core";
import type { OnnxBackend } from "../backend.ts";
import type { Graph, Value } from "../graph.ts";

/** One call of a kernel, as its lowering sees it. */
export interface Call {
  graph: Graph;
  backend: OnnxBackend;
  /** The input of this name, as a value of the recording. */
  input(name: string): Value;
  /** The inputs of a kernel that takes a list. */
  inputs(): Value[];
  /** The input of this name, as TensorFlow.js hands it over. */
  tensor(name: string): TensorInfo;
  /** The same for a kernel that takes a list. */
  tensors(): TensorInfo[];
  // TensorFlow.js's attributes are untyped: each lowering names those of its kernel.
  // oxlint-disable-next-line typescript/no-explicit-any
  attributes: any;
}

/** Records a kernel; answers its result or results. A TensorInfo is handed on as it is. */
export type Kernel = (call: Call) => Value | Value[] | TensorInfo | TensorInfo[];

/** Kernels by TensorFlow.js's names. */
export type Kernels = Record<string, Kernel>;

export function callOf(
  backend: OnnxBackend,
  inputs: NamedTensorInfoMap,
  attributes: NamedAttrMap | undefined,
): Call {
  return {
    graph: backend.graph,
    backend,
    input: (name) => valueOf(backend, inputs[name] as TensorInfo),
    inputs: () => Object.values(inputs).map((tensor) => valueOf(backend, tensor as TensorInfo)),
    tensor: (name) => inputs[name] as TensorInfo,
    tensors: () => Object.values(inputs) as TensorInfo[],
    attributes: attributes ?? {},
  };
}

function valueOf(backend: OnnxBackend, tensor: TensorInfo): Value {
  if (tensor.dtype === "string" || tensor.dtype === "complex64") {
    throw new Error(`The onnx backend does not take ${tensor.dtype} tensors in this operation`);
  }
  return backend.value(tensor);
}
