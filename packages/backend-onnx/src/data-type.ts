import type { DataType } from "@tensorflow/tfjs-core";
import type { ElementType } from "./onnx/types.ts";

/** How the engine holds a TensorFlow.js type. Strings are not computed with. */
export function elementTypeOf(dtype: DataType): ElementType {
  if (dtype === "string" || dtype === "complex64") return "uint8";
  return dtype as ElementType;
}

/** The TensorFlow.js type of a value that leaves the engine. */
export function dataTypeOf(type: ElementType): DataType {
  if (type === "float32" || type === "int32" || type === "bool") return type;
  throw new Error(`A TensorFlow.js tensor cannot hold ${type}`);
}
