import type { StoredTensor } from "@gen/safetensors";
import { type Key, normalArray, uniformArray } from "@gen/tensor";

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);

export function floats(data: Float32Array, shape: readonly number[]): StoredTensor {
  return { dtype: "F32", shape, data };
}

/** Standard normal numbers, as `normal` of `@gen/tensor` draws them. */
export function normals(key: Key, shape: readonly number[]): StoredTensor {
  return floats(normalArray(key, sizeOf(shape)), shape);
}

/** Numbers in [0, 1), as `uniform` draws them. */
export function uniforms(key: Key, shape: readonly number[]): StoredTensor {
  return floats(uniformArray(key, sizeOf(shape)), shape);
}

/** Whole numbers in [0, end). */
export function integers(key: Key, shape: readonly number[], end: number): StoredTensor {
  const data = Int32Array.from(uniformArray(key, sizeOf(shape)), (u) => Math.floor(u * end));
  return { dtype: "I32", shape, data };
}
