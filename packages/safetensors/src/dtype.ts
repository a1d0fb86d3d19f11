/**
 * The typed array that holds each kind of number. JavaScript has none for half precision: `F16` and `BF16` keep their
 * raw 16 bits (see `toFloat32`). `BOOL` is one byte each, 0 or 1.
 */
export interface DtypeArrays {
  U64: BigUint64Array;
  I64: BigInt64Array;
  F64: Float64Array;
  F32: Float32Array;
  U32: Uint32Array;
  I32: Int32Array;
  BF16: Uint16Array;
  F16: Uint16Array;
  U16: Uint16Array;
  I16: Int16Array;
  I8: Int8Array;
  U8: Uint8Array;
  BOOL: Uint8Array;
}

/** A kind of number, by the name it has in the file. */
export type Dtype = keyof DtypeArrays;

/** A tensor as a file holds it: row-major numbers of one kind. `data.length` is the product of `shape`. */
export type StoredTensor = {
  [D in Dtype]: { dtype: D; shape: readonly number[]; data: DtypeArrays[D] };
}[Dtype];

type DtypeArray = DtypeArrays[Dtype];

interface DtypeArrayConstructor {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): DtypeArray;
}

/** Every kind and its array, in the order in which files hold them: Python's library sorts by it. */
export const DTYPES: ReadonlyMap<string, DtypeArrayConstructor> = new Map<
  Dtype,
  DtypeArrayConstructor
>([
  ["U64", BigUint64Array],
  ["I64", BigInt64Array],
  ["F64", Float64Array],
  ["F32", Float32Array],
  ["U32", Uint32Array],
  ["I32", Int32Array],
  ["BF16", Uint16Array],
  ["F16", Uint16Array],
  ["U16", Uint16Array],
  ["I16", Int16Array],
  ["I8", Int8Array],
  ["U8", Uint8Array],
  ["BOOL", Uint8Array],
]);
