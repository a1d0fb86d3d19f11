import { key } from "@gen/random";
import { describe, expect, it } from "vitest";
import { batchIndices, gatherImages, type ImageSet } from "./index.ts";

const set: ImageSet = {
  images: Uint8Array.of(0, 255, 51, 204, 102, 153),
  labels: Int32Array.of(4, 5, 6),
  count: 3,
  height: 1,
  width: 2,
  channels: 1,
};

describe("the batches of consecutive steps", () => {
  it.each([
    [10, 5],
    [10, 3],
    [7, 7],
    [5, 12],
    [1, 4],
    [1000, 64],
  ])("hold each of %i examples once in every epoch, in batches of %i", (count, batchSize) => {
    const k = key(count);
    const epochs = 6;
    const steps = Math.ceil((epochs * count) / batchSize);
    const stream = Array.from({ length: steps }, (_, step) => [
      ...batchIndices(count, batchSize, k, step),
    ]).flat();
    const seen = new Set<string>();
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = stream.slice(epoch * count, (epoch + 1) * count);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
      seen.add(order.join());
    }
    if (count >= 7) expect(seen.size).toBe(epochs);
  });
  it("depend on the step alone: any step can be asked for first, with another key object", () => {
    const k = key(8);
    const inOrder = Array.from({ length: 30 }, (_, step) => batchIndices(100, 32, k, step));
    for (const step of [29, 3, 3, 17, 0, 28]) {
      expect(batchIndices(100, 32, key(8), step)).toEqual(inOrder[step]);
      expect(batchIndices(100, 32, k, step)).toEqual(inOrder[step]);
    }
  });
  it("differ between keys and data sets of other sizes", () => {
    const k = key(8);
    expect(batchIndices(100, 100, k, 0)).not.toEqual(batchIndices(100, 100, key(9), 0));
    expect(Math.max(...batchIndices(100, 100, k, 0))).toBe(99);
    expect(Math.max(...batchIndices(50, 50, k, 0))).toBe(49);
  });
  it.each([
    [0, 1, 0],
    [1.5, 1, 0],
    [10, 0, 0],
    [10, NaN, 0],
    [10, 2, -1],
    [10, 2, 0.5],
  ])("are refused for count %s, batchSize %s, step %s", (count, batchSize, step) => {
    expect(() => batchIndices(count, batchSize, key(0), step)).toThrow(
      /^batchIndices: (count|batchSize|step) must be an integer .*, got /,
    );
  });
});

describe("gathered images", () => {
  it("run from -1 to 1 and keep their labels", () => {
    const { images, labels } = gatherImages(set, [2, 0, 2]);
    const expected = [102, 153, 0, 255, 102, 153].map((byte) => Math.fround(byte / 127.5 - 1));
    expect([...images]).toEqual(expected);
    expect(images[2]).toBe(-1);
    expect(images[3]).toBe(1);
    expect(labels).toEqual(Int32Array.of(6, 4, 6));
  });
  it("have no labels where the set has none", () => {
    const { labels: _, ...bare } = set;
    expect(gatherImages(bare, [1]).labels.length).toBe(0);
  });
  it.each([3, -1, 0.5, NaN])("refuse the index %s", (index) => {
    expect(() => gatherImages(set, [0, index])).toThrow(
      `gatherImages: indices[1] is ${index}, expected an integer in [0, 3)`,
    );
  });
});
