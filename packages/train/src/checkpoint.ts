import { type Key, keyFromJSON } from "@gen/tensor";
import { parse, serialize, type StoredTensor } from "@gen/safetensors";
import { crc32 } from "./crc32.ts";

const FORMAT = "gen.train";
const VERSION = "1";
const BLANK = "00000000";

/** All that training needs to go on, and its reader to build the model. */
export interface Checkpoint {
  /** How many steps were done. */
  step: number;
  /** The key of the training, from which each step's follows. */
  key: Key;
  /** What the app wants to keep with it. */
  config: unknown;
  /** The trainee's state, by name. */
  tensors: Record<string, StoredTensor>;
}

/**
 * One safetensors file, which any reader of that format reads, with the rest in its metadata and a checksum of the whole
 * file.
 */
export function encodeCheckpoint({ step, key, config, tensors }: Checkpoint): Uint8Array {
  const bytes = serialize(tensors, {
    format: FORMAT,
    version: VERSION,
    step: String(step),
    key: JSON.stringify(key),
    ...(config !== undefined && { config: JSON.stringify(config) }),
    checksum: BLANK,
  });
  const at = findChecksum(bytes, BLANK);
  bytes.set(new TextEncoder().encode(checksumOf(bytes, at)), at);
  return bytes;
}

/**
 * Reads what `encodeCheckpoint` wrote. The tensors are views of the bytes where alignment allows.
 *
 * Throws one sentence when a byte is missing or differs.
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { metadata, tensors } = parse(bytes);
  const { format, version, step, key, config, checksum } = metadata;
  if (format !== FORMAT)
    throw new Error("decodeCheckpoint: the file is not a checkpoint of @gen/train");
  const at = findChecksum(bytes, checksum ?? "");
  const actual = checksumOf(bytes, at);
  if (actual !== checksum) {
    throw new Error(
      `decodeCheckpoint: the file is damaged: its checksum is ${actual}, it was written with ${checksum}`,
    );
  }
  if (version !== VERSION) {
    throw new Error(
      `decodeCheckpoint: the format must be of version ${VERSION}, got ${version}; read it with the release that wrote it`,
    );
  }
  return {
    step: Number(step),
    key: keyFromJSON(JSON.parse(key!) as [number, number]),
    config: config === undefined ? undefined : JSON.parse(config),
    tensors,
  };
}

/** Where the eight digits of the checksum stand in the header. Inside a string its quotes would be escaped. */
function findChecksum(bytes: Uint8Array, digits: string): number {
  const before = new TextEncoder().encode('"checksum":"');
  const wanted = [...before, ...new TextEncoder().encode(`${digits}"`)];
  for (let at = bytes.indexOf(wanted[0]!); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at + before.length;
  }
  throw new Error("decodeCheckpoint: the file is damaged: it has no checksum");
}

/** The checksum of a file, as eight hexadecimal digits, with the place where it stands taken as zeros. */
function checksumOf(bytes: Uint8Array, at: number): string {
  let sum = crc32(bytes.subarray(0, at));
  sum = crc32(new TextEncoder().encode(BLANK), sum);
  sum = crc32(bytes.subarray(at + BLANK.length), sum);
  return sum.toString(16).padStart(8, "0");
}
