import { decode } from "fast-png";
import { expect, test } from "vitest";
import { key } from "@gen/random";
import { augment } from "./augment.ts";
import { imageGrid, scatter, toPixels } from "./image-grid.ts";
import { lossPlot } from "./loss-plot.ts";

test("numbers in [-1, 1] become pixels, and beyond is cut off", () => {
  expect([...toPixels([-1, 0, 1, 5, -5])]).toEqual([0, 128, 255, 255, 0]);
});

test("a grid places each picture where its row and column say", () => {
  const pixels = Uint8Array.from([10, 20, 30]); // three pictures of one pixel
  const { data, width, height, channels } = decode(
    imageGrid({ pixels, count: 3, height: 1, width: 1, channels: 1 }, { columns: 2, scale: 3 })
      .bytes,
  );
  expect([width, height, channels]).toEqual([2 + 2 * 5, 2 + 2 * 5, 1]);
  const at = (x: number, y: number): number => data[y * width + x] as number;
  expect([at(2, 2), at(4, 4), at(7, 2), at(9, 4), at(2, 7), at(7, 7), at(0, 0), at(5, 2)]).toEqual([
    10, 10, 20, 20, 30, 64, 64, 64,
  ]);
});

test("row labels stand left of the pictures and leave them alone", () => {
  const pixels = new Uint8Array(2 * 8 * 8).fill(7);
  const { data, width } = decode(
    imageGrid(
      { pixels, count: 2, height: 8, width: 8, channels: 1 },
      { columns: 1, rowLabels: ["0", "1"] },
    ).bytes,
  );
  const pictureLeft = 2 + 3 + 4;
  const bright = [...data].flatMap((v, i) => (v === 230 ? [i % width] : []));
  expect(bright.length).toBe(12 + 8);
  expect(Math.max(...bright)).toBeLessThan(pictureLeft);
  expect([...data].filter((v) => v === 7).length).toBe(128);
});

test("colour stays colour", () => {
  const { data, width, channels } = decode(
    imageGrid({ pixels: Uint8Array.of(1, 2, 3), count: 1, height: 1, width: 1, channels: 3 }).bytes,
  );
  const at = (2 * width + 2) * 3;
  expect([channels, ...data.subarray(at, at + 3)]).toEqual([3, 1, 2, 3]);
});

test("a scatter darkens where points lie, upwards is up", () => {
  const { data, width } = decode(scatter([Float32Array.of(0.5, 0.5, 99, 99)], 1, 100).bytes);
  const dark = [...data].flatMap((v, i) => (v < 255 ? [[i % width, Math.floor(i / width)]] : []));
  expect(dark).toEqual([
    [74, 25],
    [75, 25],
    [74, 26],
    [75, 26],
  ]);
});

test("two sets of points lie side by side", () => {
  const one = Float32Array.of(0, 0);
  const { data, width } = decode(scatter([one, one], 1, 100).bytes);
  const middle = [...data].flatMap((v, i) => (v < 255 && v !== 64 ? [i % width] : []));
  expect([width, ...new Set(middle)]).toEqual([202, 50, 51, 152, 153]);
});

test("a loss plot draws one line of values and one of their mean, and skips what is not finite", () => {
  const points = Array.from({ length: 100 }, (_, i) => ({
    step: i,
    loss: i === 50 ? Number.NaN : 1 / (1 + i),
  }));
  const svg = lossPlot(points, "a < b");
  expect(svg.match(/<path d="M[^"]*L/g)?.length).toBe(2);
  expect(svg).toContain("a &lt; b");
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  for (const few of [
    [],
    [{ step: 0, loss: 1 }],
    [
      { step: 0, loss: 1 },
      { step: 1, loss: 1 },
    ],
  ]) {
    expect(lossPlot(few, "t")).not.toMatch(/NaN|Infinity|undefined/);
  }
});

test("augmentation of nothing is the identity, a whole shift moves pixels, and the key decides", () => {
  const shape = { height: 6, width: 6, channels: 1 };
  const images = Float32Array.from({ length: 72 }, (_, i) => Math.sin(i));
  const still = augment(images, shape, { shift: 0, rotate: 0, zoom: 0 }, key(1));
  expect(Math.max(...still.map((v, i) => Math.abs(v - (images[i] as number))))).toBeLessThan(1e-6);
  const bounds = { shift: 2, rotate: 10, zoom: 0.1 };
  const a = augment(images, shape, bounds, key(1));
  expect(a).toEqual(augment(images, shape, bounds, key(1)));
  expect(a).not.toEqual(augment(images, shape, bounds, key(2)));
  expect(a).not.toEqual(images);
});
