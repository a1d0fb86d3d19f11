import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { parseIdx } from "./index.ts";

// A header and, after it, the given bytes.
function idx(kind: number, shape: number[], data: number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, kind, shape.length]);
  shape.forEach((dimension, i) => new DataView(bytes.buffer).setUint32(4 + 4 * i, dimension));
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

describe("an IDX file is read", () => {
  it("as a view where it holds bytes", () => {
    const file = idx(8, [2, 3], [1, 2, 3, 4, 5, 255]);
    const { shape, data } = parseIdx(file);
    expect(shape).toEqual([2, 3]);
    expect(data).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 255));
    expect(data.buffer).toBe(file.buffer);
  });
  it.each([
    ["signed bytes", 0x09, [0xff, 0x02], Int8Array.of(-1, 2)],
    ["shorts", 0x0b, [0xff, 0xfe, 0x01, 0x00], Int16Array.of(-2, 256)],
    ["ints", 0x0c, [0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff], Int32Array.of(256, -1)],
    ["floats", 0x0d, [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0], Float32Array.of(1, -2)],
    [
      "doubles",
      0x0e,
      [0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0],
      Float64Array.of(1, -2),
    ],
  ])("in this machine's byte order where it holds %s", (_, kind, data, expected) => {
    expect(parseIdx(idx(kind, [2], data))).toEqual({ shape: [2], data: expected });
  });
  it("gzipped too, whatever else the gzip header holds", () => {
    const file = idx(8, [3], [7, 8, 9]);
    const expected = { shape: [3], data: Uint8Array.of(7, 8, 9) };
    const gzipped = gzipSync(file);
    expect(parseIdx(gzipped)).toEqual(expected);
    const fields = [2, 0, 1, 2, 0x6e, 0, 0x63, 0, 5, 5]; // extra of 2 bytes, name "n", comment "c", checksum
    const header = [...gzipped.subarray(0, 10), ...fields];
    header[3] = 4 | 8 | 16 | 2;
    expect(parseIdx(Uint8Array.from([...header, ...gzipped.subarray(10)]))).toEqual(expected);
  });
});

describe("refused with one sentence:", () => {
  it.each<[string, Uint8Array, RegExp]>([
    ["an empty file", new Uint8Array(0), /it has 0 bytes, and its header at least 4/],
    [
      "a picture",
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0),
      /it starts with 89 50 4e 47, expected 00 00/,
    ],
    ["an unknown type", idx(0x0a, [1], [1]), /it starts with 00 00 0a 01/],
    [
      "a header cut short",
      idx(8, [2, 3], []).subarray(0, 9),
      /truncated within its header of 12 bytes, at 9/,
    ],
    [
      "data cut short",
      idx(8, [2, 3], [1, 2, 3, 4, 5]),
      /shape \[2, 3\] takes 6 bytes, but 5 follow/,
    ],
    ["bytes to spare", idx(8, [2], [1, 2, 3]), /shape \[2\] takes 2 bytes, but 3 follow/],
    [
      "a shape of 10^38 numbers",
      idx(14, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], [1]),
      /takes .*e\+39 bytes, but 1 follow/,
    ],
    [
      "a gzip header alone",
      Uint8Array.of(0x1f, 0x8b, 8, 0),
      /gzip file is damaged or truncated: it ends within its header/,
    ],
  ])("%s", (_, bytes, message) => {
    expect(() => parseIdx(bytes)).toThrow(message);
    expect(() => parseIdx(bytes)).toThrow(/^parseIdx: [^\n]{1,160}$/);
  });

  it("a gzip file cut short at any byte", () => {
    const file = gzipSync(
      idx(
        8,
        [200],
        Array.from({ length: 200 }, (_, i) => (i * i) % 251),
      ),
    );
    for (let length = 2; length < file.length; length++) {
      expect(() => parseIdx(file.subarray(0, length))).toThrow(
        /^parseIdx: the gzip file is damaged or truncated: /,
      );
    }
  });

  it("a gzip file with a bit flipped anywhere in its contents or trailer, or the contents are the same", () => {
    const original = idx(
      8,
      [200],
      Array.from({ length: 200 }, (_, i) => (i * i) % 251),
    );
    const file = gzipSync(original);
    let idle = 0;
    for (let bit = 80; bit < file.length * 8; bit++) {
      const damaged = file.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      try {
        expect(parseIdx(damaged)).toEqual(parseIdx(original));
        idle++;
      } catch (error) {
        expect((error as Error).message).toMatch(
          /^parseIdx: the gzip file is damaged or truncated: /,
        );
      }
    }
    // Padding, and the check of a stored block's length, which the inflater does not need.
    expect(idle).toBeLessThan(32);
  });
});
