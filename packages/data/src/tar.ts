import { inflate } from "./inflate.ts";

/** A file: of a folder, or in an archive. */
export interface FileEntry {
  /** With `/` between folders. */
  path: string;
  bytes: Uint8Array;
}

const BLOCK = 512;

/**
 * The files in a tar archive (POSIX ustar and pax, GNU long names), gzipped or not, in the archive's order; their bytes
 * are views. Folders, links and devices are passed over. A truncated or damaged archive is refused.
 */
export function readTar(archive: Uint8Array): FileEntry[] {
  const bytes = inflate(archive, "readTar");
  const files: FileEntry[] = [];
  // What a preceding header says of the next file.
  let longName: string | undefined;
  let pax = new Map<string, string>();
  for (let at = 0; ;) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.length < BLOCK)
      return refuse(at, "it is truncated: the empty block at its end is missing");
    if (header.every((byte) => byte === 0)) return files;
    checkSum(header, at);

    const size = pax.has("size") ? Number(pax.get("size")) : number(header, 124, 12, at);
    if (!Number.isSafeInteger(size) || size < 0) return refuse(at, `a file's size is ${size}`);
    const start = at + BLOCK;
    const end = start + size;
    if (end > bytes.length) {
      return refuse(
        at,
        `it is truncated: a file takes ${size} bytes, and ${bytes.length - start} follow`,
      );
    }
    const contents = bytes.subarray(start, end);
    const type = String.fromCharCode(header[156] as number);
    if (type === "x") pax = paxFields(contents, at);
    else if (type === "L") longName = text(contents);
    else if (type !== "g" && type !== "K") {
      if (type === "0" || type === "7" || type === "\0") {
        const path = pax.get("path") ?? longName ?? headerPath(header);
        if (!path.endsWith("/")) files.push({ path, bytes: contents });
      }
      pax = new Map();
      longName = undefined;
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
}

function refuse(at: number, problem: string): never {
  throw new Error(`readTar: not a valid tar archive, at byte ${at}: ${problem}`);
}

const decoder = new TextDecoder();

// A field's text, up to its first zero.
function text(field: Uint8Array): string {
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end));
}

function headerPath(header: Uint8Array): string {
  const name = text(header.subarray(0, 100));
  // "ustar" and a zero is POSIX, which has a prefix here; GNU's "ustar " has times.
  const posix = text(header.subarray(257, 263)) === "ustar";
  const prefix = posix ? text(header.subarray(345, 500)) : "";
  return prefix ? `${prefix}/${name}` : name;
}

// An octal text, or, where the first bit is set, a big-endian number.
function number(header: Uint8Array, start: number, length: number, at: number): number {
  const field = header.subarray(start, start + length);
  if ((field[0] as number) & 0x80) {
    return field.reduce((value, byte, i) => value * 256 + (i === 0 ? byte & 0x7f : byte), 0);
  }
  const digits = text(field).trim();
  if (!/^[0-7]*$/.test(digits)) refuse(at, `${JSON.stringify(digits)} is no octal number`);
  return Number.parseInt(digits || "0", 8);
}

// The sum of the header's bytes, its own field taken as spaces.
function checkSum(header: Uint8Array, at: number): void {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += header[i] as number;
  if (sum !== number(header, 148, 8, at)) refuse(at, "the checksum of a header does not match");
}

// Records "length key=value\n", the length counting all of it.
function paxFields(contents: Uint8Array, at: number): Map<string, string> {
  const fields = new Map<string, string>();
  for (let start = 0; start < contents.length;) {
    const space = contents.indexOf(0x20, start);
    const length = Number(decoder.decode(contents.subarray(start, space)));
    const record = decoder.decode(contents.subarray(space + 1, start + length));
    const equals = record.indexOf("=");
    const fits = Number.isInteger(length) && length <= contents.length - start;
    if (space < start || !fits || equals < 1 || !record.endsWith("\n")) {
      refuse(at, "a pax header is malformed");
    }
    fields.set(record.slice(0, equals), record.slice(equals + 1, -1));
    start += length;
  }
  return fields;
}
