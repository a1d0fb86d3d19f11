import { encodeModel } from "../onnx/encode.ts";
import type { ElementType } from "../onnx/types.ts";

/** A model that answers its input `x`, of any shape, as `y`: it carries numbers to a device and back. */
export function identityModel(type: ElementType): Uint8Array {
  return encodeModel({
    inputs: [{ name: "x", type, shape: undefined }],
    outputs: [{ name: "y", type, shape: undefined }],
    constants: [],
    nodes: [{ op: "Identity", domain: "", inputs: ["x"], outputs: ["y"], attributes: {} }],
  });
}
