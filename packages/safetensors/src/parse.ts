import { DTYPES, type StoredTensor } from "./dtype.ts";
import { elementCount, LENGTH_BYTES, MAX_HEADER_BYTES, METADATA } from "./format.ts";
import { repeatedKey } from "./repeated-key.ts";

/** What a file holds. Both records have no prototype, so any name, `__proto__` too, is only a name. */
export interface Parsed {
  /** The texts that were stored beside the tensors; empty where there are none. */
  metadata: Record<string, string>;
  /** By name, in the order of their bytes in the file. */
  tensors: Record<string, StoredTensor>;
}

/**
 * Reads a safetensors file (https://github.com/huggingface/safetensors, format 0.x). The tensors are views of `bytes`,
 * not copies, except where a tensor's bytes do not lie at a multiple of its number's size.
 *
 * Everything the file says is checked before it is used: a file that is truncated, contradicts itself or claims more
 * than it holds is refused with one error that says what is wrong.
 *
 * @param bytes the whole file
 */
export function parse(bytes: Uint8Array): Parsed {
  const { text, dataStart } = headerText(bytes);
  const header = headerObject(text);
  const metadata = readMetadata(header.get(METADATA));
  header.delete(METADATA);

  const entries = [...header].map(([name, value]) => readEntry(name, value));
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  const available = bytes.length - dataStart;
  let end = 0;
  for (const entry of entries) {
    if (entry.start !== end) {
      const fault = entry.start < end ? "overlaps the one before it" : "leaves a hole before it";
      fail(`tensor ${entry.label} ${fault}: its data starts at ${entry.start}, expected ${end}`);
    }
    if (entry.end > available) {
      fail(
        `tensor ${entry.label} ends at byte ${entry.end} of the data, but the file has only ${available}: it is truncated or its header is wrong`,
      );
    }
    end = entry.end;
  }
  if (end !== available) fail(`${available - end} bytes follow the last tensor, expected none`);

  const tensors = Object.create(null) as Record<string, StoredTensor>;
  for (const { name, dtype, shape, start, count, Numbers } of entries) {
    const size = Numbers.BYTES_PER_ELEMENT;
    const at = bytes.byteOffset + dataStart + start;
    const data =
      at % size === 0
        ? new Numbers(bytes.buffer, at, count)
        : new Numbers(bytes.buffer.slice(at, at + count * size), 0, count);
    tensors[name] = { dtype, shape, data } as StoredTensor;
  }
  return { metadata, tensors };
}

function fail(problem: string): never {
  throw new Error(`parse: not a valid safetensors file: ${problem}`);
}

function headerText(bytes: Uint8Array): { text: string; dataStart: number } {
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(`parse: bytes must be a Uint8Array, got ${typeof bytes}`);
  }
  if (bytes.length < LENGTH_BYTES) {
    fail(`it has ${bytes.length} bytes, and its first ${LENGTH_BYTES} should be a length`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    fail(`its header claims ${length} bytes, and at most ${MAX_HEADER_BYTES} are allowed`);
  }
  const dataStart = LENGTH_BYTES + Number(length);
  if (dataStart > bytes.length) {
    fail(
      `its header claims ${length} bytes, but only ${bytes.length - LENGTH_BYTES} follow: it is truncated`,
    );
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { text: decoder.decode(bytes.subarray(LENGTH_BYTES, dataStart)), dataStart };
  } catch {
    fail("its header is not UTF-8 text");
  }
}

function headerObject(text: string): Map<string, unknown> {
  if (!text.startsWith("{")) fail('its header does not start with "{"');
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    fail("its header is not valid JSON");
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined) fail(`its header holds ${quote(repeated)} twice`);
  return new Map(Object.entries(header as object));
}

function readMetadata(value: unknown): Record<string, string> {
  const metadata = Object.create(null) as Record<string, string>;
  if (value === undefined) return metadata;
  if (!isObject(value)) fail(`${METADATA} must be an object of texts`);
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      fail(`${METADATA} must hold texts only, and its ${quote(name)} is none`);
    }
    metadata[name] = text;
  }
  return metadata;
}

interface Entry {
  name: string;
  label: string;
  dtype: string;
  shape: number[];
  start: number;
  end: number;
  count: number;
  Numbers: NonNullable<ReturnType<typeof DTYPES.get>>;
}

function readEntry(name: string, value: unknown): Entry {
  const label = quote(name);
  if (!isObject(value)) fail(`tensor ${label} must be described by an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  const Numbers = typeof dtype === "string" ? DTYPES.get(dtype) : undefined;
  if (typeof dtype !== "string" || !Numbers) {
    fail(
      `tensor ${label} has dtype ${quote(dtype)}, expected one of ${[...DTYPES.keys()].join(", ")}`,
    );
  }
  const count = Array.isArray(shape) ? elementCount(shape) : undefined;
  if (count === undefined) {
    fail(
      `tensor ${label} has shape ${quote(shape)}, expected whole numbers with a product below 2^53`,
    );
  }
  if (
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !offsets.every((offset) => Number.isSafeInteger(offset) && offset >= 0) ||
    offsets[0] > offsets[1]
  ) {
    fail(
      `tensor ${label} has data_offsets ${quote(offsets)}, expected a start and an end, whole numbers`,
    );
  }
  const [start, end] = offsets as [number, number];
  if (count * Numbers.BYTES_PER_ELEMENT !== end - start) {
    fail(
      `tensor ${label} has ${end - start} bytes, but ${count} numbers of ${dtype} take ${count * Numbers.BYTES_PER_ELEMENT}`,
    );
  }
  return { name, label, dtype, shape: shape as number[], start, end, count, Numbers };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// What a file says, short enough for a sentence.
function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? "none";
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
