import { DTYPES, type StoredTensor } from "./dtype.ts";
import { elementCount, LENGTH_BYTES, MAX_HEADER_BYTES, METADATA } from "./format.ts";

/**
 * Writes a safetensors file. Equal contents give equal bytes, in whatever order they are handed in: tensors are sorted
 * as Python's library sorts them (kinds of number from wide to narrow, then names by their UTF-8 bytes), metadata by
 * name. The tensors' bytes start at a multiple of 8.
 *
 * @param tensors by name
 * @param metadata texts to store beside them
 */
export function serialize(
  tensors: Readonly<Record<string, StoredTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const kinds = [...DTYPES.keys()];
  const entries = Object.entries(tensors)
    .map(([name, tensor]) => {
      check(name, tensor);
      return { name, bytes: encoder.encode(name), kind: kinds.indexOf(tensor.dtype), tensor };
    })
    .sort((a, b) => a.kind - b.kind || compareBytes(a.bytes, b.bytes));

  // Written piece by piece: an object would put names like "10" first and lose "__proto__".
  const fields: string[] = [];
  const texts = metadataFields(metadata);
  if (texts.length > 0) fields.push(`"${METADATA}":{${texts.join()}}`);
  let end = 0;
  for (const { name, tensor } of entries) {
    const start = end;
    end += tensor.data.byteLength;
    fields.push(
      `${JSON.stringify(name)}:{"dtype":"${tensor.dtype}","shape":[${tensor.shape.join()}],"data_offsets":[${start},${end}]}`,
    );
  }
  const header = encoder.encode(`{${fields.join()}}`);
  const headerBytes = Math.ceil(header.length / 8) * 8;
  if (headerBytes > MAX_HEADER_BYTES) {
    throw new Error(
      `serialize: the header would take ${headerBytes} bytes, and the format allows ${MAX_HEADER_BYTES}: shorten the names or the metadata`,
    );
  }

  const bytes = new Uint8Array(LENGTH_BYTES + headerBytes + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(header, LENGTH_BYTES);
  bytes.fill(SPACE, LENGTH_BYTES + header.length, LENGTH_BYTES + headerBytes);
  let at = LENGTH_BYTES + headerBytes;
  for (const { data } of entries.map((entry) => entry.tensor)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

const encoder = new TextEncoder();
const SPACE = 0x20;

function check(name: string, tensor: StoredTensor): void {
  const label = `tensors[${JSON.stringify(name)}]`;
  if (name === METADATA)
    throw new Error(`serialize: ${label}: this name is reserved, choose another`);
  checkText(name, label);
  const Numbers = DTYPES.get(tensor.dtype);
  if (!Numbers) {
    throw new Error(
      `serialize: ${label} has dtype ${JSON.stringify(tensor.dtype)}, expected one of ${[...DTYPES.keys()].join(", ")}`,
    );
  }
  if (!(tensor.data instanceof (Numbers as unknown as new () => object))) {
    throw new Error(
      `serialize: ${label}.data must be a ${(Numbers as unknown as { name: string }).name} for ${tensor.dtype}`,
    );
  }
  const count = elementCount(tensor.shape);
  if (count !== tensor.data.length) {
    throw new Error(
      `serialize: ${label} has shape [${tensor.shape.join(", ")}] and ${tensor.data.length} numbers, expected ${count ?? "whole numbers as shape"}`,
    );
  }
}

function metadataFields(metadata: Readonly<Record<string, string>>): string[] {
  return Object.entries(metadata)
    .map(([name, text]) => {
      const label = `metadata[${JSON.stringify(name)}]`;
      if (typeof text !== "string") {
        throw new Error(`serialize: ${label} must be a string, got ${typeof text}`);
      }
      checkText(name, label);
      checkText(text, label);
      return {
        bytes: encoder.encode(name),
        field: `${JSON.stringify(name)}:${JSON.stringify(text)}`,
      };
    })
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
    .map(({ field }) => field);
}

function checkText(text: string, label: string): void {
  // With the flag a surrogate matches only where it stands alone.
  if (/\p{Surrogate}/u.test(text)) {
    throw new Error(`serialize: ${label} holds half a surrogate pair, which no UTF-8 text can`);
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
