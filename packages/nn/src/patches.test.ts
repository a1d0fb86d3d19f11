import { fixture, expectClose } from "@gen/testing";
import { dispose, range, reshape, useBackend } from "@gen/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { gridPositions } from "./grid-positions.ts";
import { patchify, unpatchify } from "./patches.ts";

beforeAll(async () => {
  await useBackend();
});

describe("patches", () => {
  test("run row by row, their numbers by row, column, channel, and unpatchify puts them back", async () => {
    const flat = range(0, 2 * 4 * 6 * 3);
    const images = reshape(flat, [2, 4, 6, 3]);
    const patches = patchify(images, 2);
    expect(patches.shape).toEqual([2, 6, 12]);
    const numbers = await patches.data();
    // The second patch of the first image starts at its pixel (0, 2), and its second row at pixel (1, 2).
    expect(Array.from(numbers.subarray(12, 24))).toEqual([
      6, 7, 8, 9, 10, 11, 24, 25, 26, 27, 28, 29,
    ]);
    const back = unpatchify(patches, 2, [4, 6]);
    expect(back.shape).toEqual(images.shape);
    expect([...(await back.data())]).toEqual([...(await images.data())]);
    expect(() => patchify(images, 4)).toThrow("sides that 4 divides, got [2, 4, 6, 3]");
    expect(() => unpatchify(patches, 2, [4, 4])).toThrow(
      "patches must be [batch, 4, 4·channels] for 4 × 4 images",
    );
    dispose([flat, images, patches, back]);
  });

  test("have the positions that MAE gives them", () => {
    const { shape, data } = fixture<{ shape: number[]; data: number[] }>(
      import.meta.url,
      "../test/fixtures/positions.json",
    );
    expect(shape).toEqual([6, 8]);
    expectClose(gridPositions(8, 2, 3), data, 1e-6);
    expect(() => gridPositions(6, 2, 2)).toThrow(
      "features must be a positive multiple of 4, got 6",
    );
  });
});
