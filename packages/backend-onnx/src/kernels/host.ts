import type { DataType, TensorInfo, TypedArray } from "@tensorflow/tfjs-core";
import type { OnnxBackend } from "../backend.ts";

// Kernels whose result's shape depends on their input's numbers, and those on strings, are computed here and not in the
// graph: they compute what is recorded, read it, and answer host data.

/** The numbers of a tensor. */
export function numbersOf(backend: OnnxBackend, tensor: TensorInfo): TypedArray {
  return backend.readSync(tensor.dataId);
}

/** The strings of a tensor, as UTF-8 bytes. */
export function stringsOf(backend: OnnxBackend, tensor: TensorInfo): Uint8Array[] {
  return backend.readSync(tensor.dataId) as unknown as Uint8Array[];
}

/** A tensor of numbers or strings made here. */
export function hostTensor(
  backend: OnnxBackend,
  values: ArrayLike<number> | readonly Uint8Array[],
  shape: readonly number[],
  dtype: DataType,
): TensorInfo {
  const dataId = backend.write(values as TypedArray, [...shape], dtype);
  return { dataId, shape: [...shape], dtype };
}
