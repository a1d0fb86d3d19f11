import { describe, expect, it } from "vitest";
import { pythonFile } from "../test/files.ts";
import { parse, serialize, type StoredTensor } from "./index.ts";

const x: StoredTensor = { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) };

describe("our bytes are those of Python's library", () => {
  it.each(["all.safetensors", "small.safetensors", "none.safetensors", "conversions.safetensors"])(
    "for %s",
    (name) => {
      const bytes = pythonFile(name);
      const { tensors, metadata } = parse(bytes);
      expect(serialize(tensors, metadata)).toEqual(bytes);
    },
  );

  it("for tensors made here", () => {
    expect(serialize({ x })).toEqual(pythonFile("small.safetensors"));
  });

  it("in whatever order the tensors are handed in", () => {
    const bytes = pythonFile("all.safetensors");
    const { tensors, metadata } = parse(bytes);
    const reversed = Object.create(null) as Record<string, StoredTensor>;
    for (const name of Object.keys(tensors).reverse()) reversed[name] = tensors[name]!;
    expect(serialize(reversed, metadata)).toEqual(bytes);
  });
});

describe("what is written", () => {
  it("is read back the same, metadata and views into larger arrays included", () => {
    const tensors: Record<string, StoredTensor> = {
      part: { dtype: "F64", shape: [1, 2], data: new Float64Array([9, 1, 2, 9]).subarray(1, 3) },
      byte: { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) },
      big: { dtype: "I64", shape: [], data: BigInt64Array.of(-(2n ** 63n)) },
    };
    const metadata = { b: 'say "ä"\n', a: "", __proto__x: "𝔘" };
    const back = parse(serialize(tensors, metadata));
    expect({ ...back.metadata }).toEqual(metadata);
    expect({ ...back.tensors }).toEqual(tensors);
  });

  it("does not depend on the order of the metadata", () => {
    expect(serialize({ x }, { a: "1", b: "2" })).toEqual(serialize({ x }, { b: "2", a: "1" }));
  });

  it("starts its data at a multiple of 8, whatever the header's length", () => {
    for (let length = 1; length < 20; length++) {
      const bytes = serialize({ ["n".repeat(length)]: x });
      const header = new DataView(bytes.buffer).getUint32(0, true);
      expect(header % 8).toBe(0);
      expect(bytes.length).toBe(8 + header + 8);
    }
  });

  it("takes a tensor of no elements", () => {
    const empty: StoredTensor = { dtype: "F32", shape: [0, 7], data: new Float32Array(0) };
    expect({ ...parse(serialize({ empty })).tensors }).toEqual({ empty });
  });
});

describe("refused with one sentence:", () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>, RegExp]>([
    [
      "an unknown dtype",
      { a: { ...x, dtype: "F7" } },
      {},
      /tensors\["a"\] has dtype "F7", expected one of U64/,
    ],
    [
      "data of another kind",
      { a: { ...x, dtype: "I32" } },
      {},
      /tensors\["a"\]\.data must be a Int32Array for I32/,
    ],
    [
      "a plain array",
      { a: { ...x, data: [1, 2] } },
      {},
      /tensors\["a"\]\.data must be a Float32Array for F32/,
    ],
    [
      "a shape that does not fit",
      { a: { ...x, shape: [3] } },
      {},
      /shape \[3\] and 2 numbers, expected 3/,
    ],
    [
      "a negative shape",
      { a: { ...x, shape: [-1, -2] } },
      {},
      /shape \[-1, -2\] and 2 numbers, expected whole/,
    ],
    [
      "the reserved name",
      { __metadata__: x },
      {},
      /tensors\["__metadata__"\]: this name is reserved/,
    ],
    ["half a surrogate pair as name", { "\ud800": x }, {}, /half a surrogate pair/],
    [
      "half a surrogate pair in the metadata",
      {},
      { a: "\udc00" },
      /metadata\["a"\] holds half a surrogate/,
    ],
    ["metadata that is no text", {}, { a: 1 }, /metadata\["a"\] must be a string, got number/],
    ["a header over the format's limit", {}, { a: "x".repeat(1e8) }, /the format allows 100000000/],
  ])("%s", (_, tensors, metadata, message) => {
    let problem = "";
    try {
      serialize(tensors as never, metadata as never);
    } catch (error) {
      problem = (error as Error).message;
    }
    expect(problem).toMatch(message);
    expect(problem).toMatch(/^serialize: [^\n]{1,200}$/);
  });
});
