import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { tarOf } from "../test/tar-file.ts";
import { readTar } from "./index.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const listing = (archive: Uint8Array) =>
  readTar(archive).map(({ path, bytes }) => [path, text(bytes)]);

describe("an archive is read", () => {
  it("file by file, without its folders and links", () => {
    const archive = tarOf(
      { path: "a/", type: "5" },
      { path: "a/one.txt", contents: "1".repeat(600) },
      { path: "a/link", type: "2" },
      { path: "b/empty.txt" },
      { path: "old.txt", contents: "old", type: "\0" },
    );
    const expected = [
      ["a/one.txt", "1".repeat(600)],
      ["b/empty.txt", ""],
      ["old.txt", "old"],
    ];
    expect(listing(archive)).toEqual(expected);
    expect(listing(gzipSync(archive))).toEqual(expected);
    expect(readTar(archive)[0]!.bytes.buffer).toBe(archive.buffer);
  });
  it("with a name split in two, as POSIX does", () => {
    expect(listing(tarOf({ path: "x.txt", prefix: "very/long", contents: "x" }))).toEqual([
      ["very/long/x.txt", "x"],
    ]);
  });
  it("with a long name of its own, as GNU does", () => {
    const long = `${"folder/".repeat(30)}x.txt`;
    const archive = tarOf(
      { path: "././@LongLink", type: "L", contents: `${long}\0` },
      { path: long.slice(0, 99), contents: "x" },
      { path: "next", contents: "y" },
    );
    expect(listing(archive)).toEqual([
      [long, "x"],
      ["next", "y"],
    ]);
  });
  it("with a pax header that says the next file's name", () => {
    const field = "path=ä/ö.txt\n";
    const length = new TextEncoder().encode(field).length + 3;
    const archive = tarOf(
      { path: "global", type: "g", contents: "17 comment=hello\n" },
      { path: "PaxHeader", type: "x", contents: `${length} ${field}` },
      { path: "short", contents: "x" },
      { path: "next", contents: "y" },
    );
    expect(listing(archive)).toEqual([
      ["ä/ö.txt", "x"],
      ["next", "y"],
    ]);
  });
  it("with nothing in it", () => {
    expect(readTar(new Uint8Array(1024))).toEqual([]);
  });
});

describe("refused with one sentence:", () => {
  const archive = tarOf({ path: "one", contents: "1".repeat(600) }, { path: "two", contents: "2" });
  const damaged = archive.slice();
  damaged[3] = 0x78;
  it.each<[string, Uint8Array, RegExp]>([
    [
      "an empty file",
      new Uint8Array(0),
      /at byte 0: it is truncated: the empty block at its end is missing/,
    ],
    ["a damaged header", damaged, /at byte 0: the checksum of a header does not match/],
    ["text", new TextEncoder().encode("hello ".repeat(200)), /at byte 0: .*(checksum|octal)/],
    [
      "a file larger than the archive",
      tarOf({ path: "a", size: 8 ** 10 }),
      /at byte 0: it is truncated: a file takes 1073741824 bytes, and 1024 follow/,
    ],
    [
      "a malformed pax header",
      tarOf({ path: "p", type: "x", contents: "99 path=x\n" }, { path: "a" }),
      /a pax header is malformed/,
    ],
    [
      "a pax header of length 0",
      tarOf({ path: "p", type: "x", contents: "0 path=x\n" }, { path: "a" }),
      /a pax header is malformed/,
    ],
    [
      "a negative size in a pax header",
      tarOf({ path: "p", type: "x", contents: "11 size=-5\n" }, { path: "a" }),
      /a file's size is -5/,
    ],
  ])("%s", (_, bytes, message) => {
    expect(() => readTar(bytes)).toThrow(message);
    expect(() => readTar(bytes)).toThrow(/^readTar: not a valid tar archive, [^\n]{1,160}$/);
  });
  it("an archive cut short at any byte before its end mark", () => {
    for (let length = 0; length < archive.length - 512; length += 7) {
      expect(() => readTar(archive.subarray(0, length))).toThrow(/it is truncated/);
    }
  });
});
