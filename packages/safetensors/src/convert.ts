import type { StoredTensor } from "./dtype.ts";
import { fromBrain, fromHalf, type HalfDtype, toBrain, toHalf } from "./half.ts";

/**
 * A tensor's numbers as float32, whatever they are stored as. `F32` data is handed back as it is, not copied; `F16` and
 * `BF16` are exact; the wider kinds are rounded.
 */
export function toFloat32(tensor: StoredTensor): Float32Array {
  switch (tensor.dtype) {
    case "F32":
      return tensor.data;
    case "F16":
      return Float32Array.from(tensor.data, fromHalf);
    case "BF16":
      return Float32Array.from(tensor.data, fromBrain);
    case "I64":
    case "U64":
      return Float32Array.from(tensor.data as Iterable<bigint>, Number);
    default:
      return Float32Array.from(tensor.data);
  }
}

/**
 * Numbers as the raw 16 bits in which `F16` and `BF16` tensors are stored, each rounded to the nearest, ties to even.
 *
 * @param numbers those beyond ±65,504 become infinite as `F16`
 */
export function fromFloat32(numbers: Float32Array, dtype: HalfDtype): Uint16Array {
  return Uint16Array.from(numbers, dtype === "F16" ? toHalf : toBrain);
}
