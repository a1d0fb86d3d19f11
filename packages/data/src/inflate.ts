import { inflateSync } from "fflate";

/**
 * The contents of a gzip file (RFC 1952), checked against the length and checksum at its end; any other bytes as they
 * are. A truncated or damaged file is refused.
 *
 * @param caller begins the sentence of an error
 */
export function inflate(bytes: Uint8Array, caller: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const refuse = (problem: string): never => {
    throw new Error(`${caller}: the gzip file is damaged or truncated: ${problem}`);
  };
  const start = headerEnd(bytes);
  const end = bytes.length - 8;
  if (start > end) return refuse("it ends within its header");
  let contents: Uint8Array;
  try {
    contents = inflateSync(bytes.subarray(start, end));
  } catch (error) {
    return refuse((error as Error).message);
  }
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, 8);
  if (trailer.getUint32(4, true) !== contents.length >>> 0) {
    return refuse(`it holds ${contents.length} bytes, and says ${trailer.getUint32(4, true)}`);
  }
  if (trailer.getUint32(0, true) !== crc32(contents)) return refuse("its checksum does not match");
  return contents;
}

function headerEnd(bytes: Uint8Array): number {
  const flags = bytes[3] ?? 0;
  let at = 10;
  if (flags & 4) at += 2 + ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)); // extra field
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue; // name, comment: up to a zero
    while (at < bytes.length && bytes[at] !== 0) at++;
    at++;
  }
  return flags & 2 ? at + 2 : at; // the header's own checksum
}

const CRC_TABLE: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let c = byte;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

function crc32(bytes: Uint8Array): number {
  let c = -1;
  for (let i = 0; i < bytes.length; i++) {
    c = (CRC_TABLE[(c ^ (bytes[i] as number)) & 255] as number) ^ (c >>> 8);
  }
  return ~c >>> 0;
}
