import { key } from "@gen/random";
import { describe, expect, it } from "vitest";
import { realData } from "../test/real.ts";
import { DIGIT_STROKES } from "./digit-strokes.ts";
import { glyphs, type ImageSet, mnist, subset } from "./index.ts";

const SIZE = 28 * 28;

/** The share of `test` whose nearest image in `known`, by squared distance, has its label. */
function nearestNeighbour(test: ImageSet, known: ImageSet): number {
  let right = 0;
  for (let i = 0; i < test.count; i++) {
    let best = Infinity;
    let label = -1;
    for (let j = 0; j < known.count; j++) {
      let distance = 0;
      for (let p = 0; p < SIZE && distance < best; p++) {
        distance += (test.images[i * SIZE + p]! - known.images[j * SIZE + p]!) ** 2;
      }
      if (distance < best) {
        best = distance;
        label = known.labels![j]!;
      }
    }
    if (label === test.labels![i]) right++;
  }
  return right / test.count;
}

describe("glyphs", () => {
  const set = glyphs(key(1), 2000);

  it("are a labelled set of 28×28 grey images", () => {
    expect(set).toMatchObject({ count: 2000, height: 28, width: 28, channels: 1 });
    expect(set.images.length).toBe(2000 * SIZE);
    expect(set.classes).toHaveLength(10);
    for (let digit = 0; digit < 10; digit++) {
      expect(set.labels!.filter((label) => label === digit).length).toBeGreaterThan(140);
    }
  });
  it("follow from the key, and do not depend on how many there are", () => {
    expect(Buffer.compare(glyphs(key(1), 2000).images, set.images)).toBe(0);
    const few = glyphs(key(1), 5);
    expect(few.images).toEqual(set.images.subarray(0, 5 * SIZE));
    expect(few.labels).toEqual(set.labels!.subarray(0, 5));
    expect(glyphs(key(2), 5).images).not.toEqual(few.images);
    expect(glyphs(key(1), 0).count).toBe(0);
  });
  it("write the digits asked for", () => {
    const asked = glyphs(key(1), 3, [7, 7, 3]);
    expect([...asked.labels!]).toEqual([7, 7, 3]);
    expect(asked.images.subarray(0, SIZE)).not.toEqual(asked.images.subarray(SIZE, 2 * SIZE));
  });
  it("are centred, leave the border empty, and have MNIST's amount of ink and softness of edge", () => {
    let x = 0;
    let y = 0;
    let ink = 0;
    let border = 0;
    let soft = 0;
    let touched = 0;
    set.images.forEach((byte, i) => {
      const column = i % 28;
      const row = Math.floor((i % SIZE) / 28);
      ink += byte;
      x += byte * column;
      y += byte * row;
      if (column === 0 || row === 0 || column === 27 || row === 27) border += byte;
      if (byte > 0) touched++;
      if (byte > 0 && byte < 250) soft++;
    });
    expect(Math.abs(x / ink - 13.5)).toBeLessThan(0.3);
    expect(Math.abs(y / ink - 13.5)).toBeLessThan(0.3);
    expect(border / ink).toBeLessThan(0.001);
    expect(Math.abs(ink / set.images.length / 255 - 0.13)).toBeLessThan(0.02);
    expect(soft / touched).toBeGreaterThan(0.3);
    expect(soft / touched).toBeLessThan(0.8);
  });
  it("are each different, yet a digit looks like others of its kind", () => {
    const known = glyphs(key(10), 1000);
    const test = glyphs(key(11), 100);
    expect(nearestNeighbour(test, known)).toBeGreaterThan(0.95);
    const seen = new Set<string>();
    for (let i = 0; i < set.count; i++)
      seen.add(new TextDecoder("latin1").decode(set.images.subarray(i * SIZE, (i + 1) * SIZE)));
    expect(seen.size).toBe(set.count);
  });
  it("have numbers enough for every way of writing", () => {
    for (const way of DIGIT_STROKES.flat()) expect(way.flat().length).toBeLessThanOrEqual(64 - 12);
  });
  it.each<[string, () => unknown, RegExp]>([
    [
      "a count that is no whole number",
      () => glyphs(key(0), 1.5),
      /^glyphs: count must be an integer ≥ 0, got 1.5/,
    ],
    [
      "a label that is no digit",
      () => glyphs(key(0), 1, [10]),
      /^glyphs: label 0 is 10, expected an integer in \[0, 10\)/,
    ],
    [
      "fewer labels than glyphs",
      () => glyphs(key(0), 2, [1]),
      /^glyphs: labels has 1 numbers, expected 2/,
    ],
  ])("refuse %s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});

const paths = ["mnist/t10k-images-idx3-ubyte.gz", "mnist/t10k-labels-idx1-ubyte.gz"] as const;
const real = realData(...paths);
it("glyphs are read right by their nearest neighbours among real digits", ({ skip }) => {
  if (real.skip) return skip(real.skip);
  const digits = mnist(real.read(paths[0]), real.read(paths[1]));
  const some = subset(
    digits,
    Int32Array.from({ length: 3000 }, (_, i) => i),
  );
  expect(nearestNeighbour(glyphs(key(5), 200), some)).toBeGreaterThan(0.8);
});
