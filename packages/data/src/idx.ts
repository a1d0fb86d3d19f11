import { inflate } from "./inflate.ts";

/** The numbers of an IDX file, row-major. */
export interface IdxArray {
  shape: number[];
  data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

// The third byte of the file says what it holds: its bytes, array and (big-endian) reader. 08 is plain bytes.
const KINDS = new Map([
  [0x09, { size: 1, Numbers: Int8Array, read: DataView.prototype.getInt8 }],
  [0x0b, { size: 2, Numbers: Int16Array, read: DataView.prototype.getInt16 }],
  [0x0c, { size: 4, Numbers: Int32Array, read: DataView.prototype.getInt32 }],
  [0x0d, { size: 4, Numbers: Float32Array, read: DataView.prototype.getFloat32 }],
  [0x0e, { size: 8, Numbers: Float64Array, read: DataView.prototype.getFloat64 }],
] as const);

/**
 * Reads an IDX file, the format of MNIST (described on http://yann.lecun.com/exdb/mnist/), gzipped or not. Bytes are a
 * view of the (inflated) file; other numbers are copied into this machine's byte order. The file must hold exactly what
 * its header says.
 */
export function parseIdx(bytes: Uint8Array): IdxArray {
  return parseIdxFor("parseIdx", bytes);
}

/** The same, for a caller that names itself in errors. */
export function parseIdxFor(caller: string, bytes: Uint8Array): IdxArray {
  const file = inflate(bytes, caller);
  const refuse = (problem: string): never => {
    throw new Error(`${caller}: not a valid IDX file: ${problem}`);
  };
  if (file.length < 4) return refuse(`it has ${file.length} bytes, and its header at least 4`);
  const [zero, zeroToo, kind, dimensions] = file as unknown as [number, number, number, number];
  const reader = KINDS.get(kind as 0x09);
  if (zero !== 0 || zeroToo !== 0 || (kind !== 0x08 && !reader)) {
    return refuse(`it starts with ${hex(file)}, expected 00 00, a type from 08 to 0e, dimensions`);
  }
  const start = 4 + 4 * dimensions;
  if (file.length < start) {
    return refuse(`it is truncated within its header of ${start} bytes, at ${file.length}`);
  }
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  const size = reader?.size ?? 1;
  // Compared before anything is made of it: a false header costs no memory.
  if (count * size !== file.length - start) {
    return refuse(
      `its shape [${shape.join(", ")}] takes ${count * size} bytes, but ${file.length - start} follow the header`,
    );
  }
  if (!reader) return { shape, data: file.subarray(start) };
  const data = new reader.Numbers(count);
  for (let i = 0; i < count; i++) data[i] = reader.read.call(view, start + i * size);
  return { shape, data };
}

function hex(file: Uint8Array): string {
  return [...file.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
