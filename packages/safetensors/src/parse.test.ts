import { fixture } from "@gen/testing";
import { describe, expect, it } from "vitest";
import { fileOf, pythonFile } from "../test/files.ts";
import { parse } from "./index.ts";

interface Expected {
  metadata: Record<string, string>;
  tensors: Record<string, { dtype: string; shape: number[]; values: string[] }>;
}
const expected = fixture<Expected>(import.meta.url, "../test/fixtures/all.json");
const raw = new Set(["F16", "BF16"]); // their values are compared in convert.test.ts

// Python's way of writing a number.
function value(text: string): number | bigint {
  if (text === "True") return 1;
  if (text === "False") return 0;
  if (/^-?\d+$/.test(text)) return BigInt(text);
  return text.endsWith("inf") ? Number(text.replace("inf", "Infinity")) : Number(text);
}

describe("a file written by Python's library", () => {
  const { metadata, tensors } = parse(pythonFile("all.safetensors"));

  it("has the names, kinds, shapes and metadata that Python reads", () => {
    expect({ ...metadata }).toEqual(expected.metadata);
    expect(Object.keys(tensors).sort()).toEqual(Object.keys(expected.tensors).sort());
    for (const [name, { dtype, shape }] of Object.entries(expected.tensors)) {
      expect(tensors[name]).toMatchObject({ dtype, shape });
    }
  });

  it.each(Object.entries(expected.tensors).filter(([, { dtype }]) => !raw.has(dtype)))(
    "has the values that Python reads in %j",
    (name, { values }) => {
      const data = tensors[name]!.data;
      const wanted = values.map(value).map((v) => (typeof data[0] === "bigint" ? v : Number(v)));
      expect([...data]).toEqual(wanted);
    },
  );

  it("may hold no tensor at all", () => {
    const none = parse(pythonFile("none.safetensors"));
    expect(Object.keys(none.tensors)).toEqual([]);
    expect({ ...none.metadata }).toEqual({ note: "kein Tensor: ∅" });
    expect(Object.keys(parse(fileOf({})).tensors)).toEqual([]);
  });
});

describe("the tensors", () => {
  const bytes = pythonFile("all.safetensors");

  it("are views of the file where they are aligned", () => {
    for (const tensor of Object.values(parse(bytes).tensors)) {
      expect(tensor.data.buffer).toBe(bytes.buffer);
    }
  });

  it("are copies with the same values where the file lies askew", () => {
    const askew = new Uint8Array(bytes.length + 1).subarray(1);
    askew.set(bytes);
    const { tensors } = parse(askew);
    for (const [name, tensor] of Object.entries(parse(bytes).tensors)) {
      const moved = tensors[name]!.data;
      expect(moved).toEqual(tensor.data);
      expect(moved.buffer === askew.buffer).toBe(moved.BYTES_PER_ELEMENT === 1);
    }
  });

  it("may have names that mean something to JavaScript", () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
    const fields = names.map(
      (name, i) => `"${name}":{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`,
    );
    const { tensors, metadata } = parse(
      fileOf(`{"__metadata__":{"__proto__":"text"},${fields.join()}}`, 4),
    );
    expect(Object.keys(tensors)).toEqual(names);
    expect(Object.keys(metadata)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>)["dtype"]).toBeUndefined();
    expect(Object.getPrototypeOf(tensors)).toBeNull();
    expect(tensors["valueOf"]).toBeUndefined();
  });
});

const f32 = (shape: unknown, start: unknown, end: unknown) => ({
  dtype: "F32",
  shape,
  data_offsets: [start, end],
});
const json = (text: string) => fileOf(text, 4);
const ok = `{"dtype":"U8","shape":[4],"data_offsets":[0,4]}`;
const claims = (length: bigint) => {
  const bytes = fileOf({});
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  return bytes;
};

describe("refused with one sentence:", () => {
  it.each<[string, Uint8Array, RegExp]>([
    ["an empty file", new Uint8Array(0), /0 bytes, and its first 8 should be a length/],
    [
      "a header of 2^60 bytes",
      claims(2n ** 60n),
      /header claims 1152921504606846976 bytes, and at most 100000000/,
    ],
    [
      "a header of 2^64-1 bytes",
      claims(2n ** 64n - 1n),
      /header claims 18446744073709551615 bytes/,
    ],
    [
      "a header longer than the file",
      claims(100n),
      /header claims 100 bytes, but only 2 follow: it is truncated/,
    ],
    [
      "a header that is not UTF-8",
      fileOf(new Uint8Array([0x7b, 0xff, 0x7d])),
      /header is not UTF-8/,
    ],
    ["a header that starts with a space", fileOf(" {}"), /does not start with "\{"/],
    ["a header that starts with a byte order mark", fileOf("\uFEFF{}"), /does not start with "\{"/],
    ["a header that is an array", fileOf("[]"), /does not start with "\{"/],
    ["no header", fileOf(""), /does not start with "\{"/],
    ["broken JSON", fileOf('{"a":'), /header is not valid JSON/],
    ["two JSON values", fileOf("{} {}"), /header is not valid JSON/],
    ["JSON nested a million deep", fileOf(`{"a":${"[".repeat(1e6)}`), /header is not valid JSON/],
    ["a name given twice", json(`{"a":${ok},"a":${ok}}`), /holds "a" twice/],
    ["a name given twice, once escaped", json(`{"a":${ok},"\\u0061":${ok}}`), /holds "a" twice/],
    [
      "a field given twice",
      json(`{"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}}`),
      /holds "dtype" twice/,
    ],
    [
      "metadata given twice",
      json(`{"__metadata__":{},"a":${ok},"__metadata__":{}}`),
      /"__metadata__" twice/,
    ],
    [
      "metadata that is no object",
      fileOf({ __metadata__: "text" }),
      /__metadata__ must be an object/,
    ],
    [
      "metadata with a number in it",
      fileOf({ __metadata__: { a: 1 } }),
      /texts only, and its "a" is none/,
    ],
    [
      "metadata with an object in it",
      fileOf({ __metadata__: { a: {} } }),
      /texts only, and its "a" is none/,
    ],
    ["a tensor that is no object", fileOf({ a: [] }), /tensor "a" must be described by an object/],
    ["a tensor that is null", fileOf({ a: null }), /tensor "a" must be described by an object/],
    [
      "an unknown dtype",
      fileOf({ a: { ...f32([1], 0, 4), dtype: "F7" } }, 4),
      /dtype "F7", expected one of U64, I64/,
    ],
    [
      "a dtype named after a method",
      fileOf({ a: { ...f32([1], 0, 4), dtype: "constructor" } }, 4),
      /dtype "constructor"/,
    ],
    ["no dtype", fileOf({ a: { shape: [1], data_offsets: [0, 4] } }, 4), /dtype none, expected/],
    [
      "no shape",
      fileOf({ a: { dtype: "F32", data_offsets: [0, 4] } }, 4),
      /shape none, expected whole numbers/,
    ],
    ["a shape that is a number", fileOf({ a: f32(1, 0, 4) }, 4), /shape 1, expected whole numbers/],
    [
      "a negative dimension",
      fileOf({ a: f32([-1], 0, 4) }, 4),
      /shape \[-1\], expected whole numbers/,
    ],
    ["two negative dimensions", fileOf({ a: f32([-1, -1], 0, 4) }, 4), /shape \[-1,-1\], expected/],
    [
      "half a dimension",
      fileOf({ a: f32([0.5, 2], 0, 4) }, 4),
      /shape \[0.5,2\], expected whole numbers/,
    ],
    [
      "a dimension that is text",
      fileOf({ a: f32(["1"], 0, 4) }, 4),
      /shape \["1"\], expected whole numbers/,
    ],
    [
      "an infinite dimension",
      json(`{"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,4]}}`),
      /expected whole numbers/,
    ],
    [
      "a product that overflows",
      fileOf({ a: f32([2 ** 32, 2 ** 32], 0, 0) }),
      /product below 2\^53/,
    ],
    [
      "a product that overflows 64 bits to 1",
      fileOf({ a: f32([2 ** 33 + 1, 2 ** 33 - 1, 2 ** 40], 0, 4) }, 4),
      /product below 2\^53/,
    ],
    [
      "fewer bytes than the shape takes",
      fileOf({ a: f32([2], 0, 4) }, 4),
      /tensor "a" has 4 bytes, but 2 numbers of F32 take 8/,
    ],
    [
      "more bytes than the shape takes",
      fileOf({ a: f32([], 0, 8) }, 8),
      /tensor "a" has 8 bytes, but 1 numbers of F32 take 4/,
    ],
    ["no offsets", fileOf({ a: { dtype: "F32", shape: [1] } }, 4), /data_offsets none/],
    [
      "one offset",
      fileOf({ a: { dtype: "F32", shape: [1], data_offsets: [4] } }, 4),
      /data_offsets \[4\]/,
    ],
    ["offsets in reverse", fileOf({ a: f32([1], 4, 0) }, 4), /data_offsets \[4,0\]/],
    ["negative offsets", fileOf({ a: f32([1], -4, 0) }, 4), /data_offsets \[-4,0\]/],
    [
      "offsets that are no whole numbers",
      fileOf({ a: f32([1], 0.5, 4.5) }, 8),
      /data_offsets \[0.5,4.5\]/,
    ],
    [
      "data that is cut short",
      fileOf({ a: f32([1], 0, 4) }, 3),
      /ends at byte 4 of the data, but the file has only 3/,
    ],
    [
      "terabytes of data that are not there",
      fileOf({ a: f32([2 ** 40], 0, 2 ** 42) }, 4),
      /but the file has only 4/,
    ],
    [
      "overlapping tensors",
      fileOf({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12),
      /tensor "b" overlaps the one before it: its data starts at 4, expected 8/,
    ],
    [
      "two tensors in one place",
      fileOf({ a: f32([1], 0, 4), b: f32([1], 0, 4) }, 4),
      /overlaps the one before it/,
    ],
    [
      "a hole before the first tensor",
      fileOf({ a: f32([1], 4, 8) }, 8),
      /leaves a hole before it: its data starts at 4, expected 0/,
    ],
    [
      "a hole between tensors",
      fileOf({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12),
      /tensor "b" leaves a hole/,
    ],
    [
      "bytes after the last tensor",
      fileOf({ a: f32([1], 0, 4) }, 5),
      /1 bytes follow the last tensor/,
    ],
  ])("%s", (_, bytes, message) => {
    expect(() => parse(bytes)).toThrow(message);
    expect(() => parse(bytes)).toThrow(/^parse: not a valid safetensors file: [^\n]{1,240}$/);
  });

  it("a thing that is not bytes", () => {
    expect(() => parse("text" as never)).toThrow("parse: bytes must be a Uint8Array, got string");
  });
});

describe("whatever happens to a file", () => {
  const whole = pythonFile("all.safetensors");

  // Parses or throws one plain error; what it gives lies within the bytes it was given.
  function parsesOrRefuses(bytes: Uint8Array): boolean {
    try {
      let total = 0;
      for (const { data } of Object.values(parse(bytes).tensors)) total += data.byteLength;
      expect(total).toBeLessThanOrEqual(bytes.length);
      return true;
    } catch (error) {
      expect((error as Error).message).toMatch(/^parse: not a valid safetensors file: /);
      return false;
    }
  }

  it("cut short at any byte, it is refused", () => {
    for (let length = 0; length < whole.length; length++) {
      expect(parsesOrRefuses(whole.slice(0, length))).toBe(false);
      expect(parsesOrRefuses(whole.subarray(0, length))).toBe(false);
    }
  });

  it("with bytes changed at random, it parses or is refused", () => {
    let state = 12345;
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    let parsed = 0;
    const rounds = 20_000;
    const headerEnd = 8 + new DataView(whole.buffer).getUint32(0, true);
    for (let round = 0; round < rounds; round++) {
      const bytes = whole.slice();
      const region = round % 4 === 0 ? bytes.length : headerEnd;
      for (let i = random(4); i >= 0; i--) {
        const at = random(region);
        bytes[at] = round % 2 ? random(256) : (bytes[at] as number) ^ (1 << random(8));
      }
      if (parsesOrRefuses(bytes)) parsed++;
    }
    expect(parsed).toBeGreaterThan(rounds / 50);
    expect(parsed).toBeLessThan(rounds / 2);
  });
});
