import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { parseCifar10 } from "./index.ts";

// A record whose byte of channel c at row y, column x is told by `pixel`.
function record(label: number, pixel: (c: number, y: number, x: number) => number): number[] {
  const bytes = [label];
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < 32; y++) for (let x = 0; x < 32; x++) bytes.push(pixel(c, y, x));
  }
  return bytes;
}
const batch = (...records: number[][]) => Uint8Array.from(records.flat());

it("records of several batches become images with interleaved channels", () => {
  const first = record(3, (c, y, x) => c * 80 + y + x);
  const second = record(9, (c) => c);
  const third = record(0, () => 255);
  const set = parseCifar10(batch(first, second), gzipSync(batch(third)));
  expect(set).toMatchObject({ count: 3, height: 32, width: 32, channels: 3 });
  expect([...set.labels!].map((label) => set.classes![label])).toEqual([
    "cat",
    "truck",
    "airplane",
  ]);
  const at = (image: number, y: number, x: number) => [
    ...set.images.subarray(((image * 32 + y) * 32 + x) * 3).subarray(0, 3),
  ];
  expect(at(0, 5, 30)).toEqual([35, 115, 195]);
  expect(at(0, 31, 0)).toEqual([31, 111, 191]);
  expect(at(1, 7, 7)).toEqual([0, 1, 2]);
  expect(at(2, 31, 31)).toEqual([255, 255, 255]);
});

describe("refused with one sentence:", () => {
  const good = batch(record(1, () => 0));
  it.each<[string, Uint8Array[], RegExp]>([
    ["no batch", [], /^parseCifar10: no batch was given/],
    [
      "an empty batch",
      [good, new Uint8Array(0)],
      /^parseCifar10: batch 1 has 0 bytes, expected a multiple of 3073/,
    ],
    [
      "a truncated batch",
      [good.subarray(0, 3000)],
      /^parseCifar10: batch 0 has 3000 bytes, expected a multiple of 3073/,
    ],
    [
      "a label out of range",
      [good, batch(record(10, () => 0))],
      /^parseCifar10: label 1 is 10, expected an integer in \[0, 10\)/,
    ],
  ])("%s", (_, batches, message) => {
    expect(() => parseCifar10(...batches)).toThrow(message);
  });
});
