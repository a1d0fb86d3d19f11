import { key } from "@gen/random";
import { expect, it } from "vitest";
import { holdOut, type ImageSet, subset } from "./index.ts";

const count = 50;
const set: ImageSet = {
  images: Uint8Array.from({ length: 2 * count }, (_, i) => i),
  labels: Int32Array.from({ length: count }, (_, i) => i % 3),
  classes: ["a", "b", "c"],
  count,
  height: 1,
  width: 2,
  channels: 1,
};

it("a subset holds the chosen images with their labels", () => {
  expect(subset(set, [4, 0, 4])).toEqual({
    ...set,
    images: Uint8Array.of(8, 9, 0, 1, 8, 9),
    labels: Int32Array.of(1, 0, 1),
    count: 3,
  });
  expect(() => subset(set, [50])).toThrow(
    "subset: indices[0] is 50, expected an integer in [0, 50)",
  );
});

it("a hold-out shares no image with the rest, loses none, and follows from the key", () => {
  const { train, heldOut } = holdOut(set, 10, key(1));
  expect([train.count, heldOut.count]).toEqual([40, 10]);
  const first = (part: ImageSet) => [...part.images].filter((_, i) => i % 2 === 0);
  const all = [...first(train), ...first(heldOut)].sort((a, b) => a - b);
  expect(all).toEqual(Array.from({ length: count }, (_, i) => 2 * i));
  heldOut.labels!.forEach((label, i) => expect(label).toBe((first(heldOut)[i]! / 2) % 3));
  expect(holdOut(set, 10, key(1))).toEqual({ train, heldOut });
  expect(holdOut(set, 10, key(2)).heldOut.images).not.toEqual(heldOut.images);
});

it.each([0, 50, -1, 2.5])("a hold-out of %s is refused", (held) => {
  expect(() => holdOut(set, held, key(1))).toThrow(
    `holdOut: count must be an integer in [1, 50), got ${held}`,
  );
});
