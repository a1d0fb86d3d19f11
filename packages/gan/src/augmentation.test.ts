import {
  add,
  divNoNan,
  mean,
  dispose,
  grad,
  key,
  memory,
  mul,
  neg,
  normal,
  ones,
  reshape,
  sub,
  sum,
  tensor,
  type Tensor,
  useBackend,
} from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { describe, expect, test } from "vitest";
import {
  AdaptiveAugmentation,
  brightness,
  contrast,
  cutout,
  differentiableAugmentation,
  flip,
  rotate,
  saturation,
  type TransformationName,
  transformations,
  translate,
} from "./index.ts";

await useBackend();

const names = Object.keys(transformations) as TransformationName[];
const pixels = (x: Tensor): number[] => [...x.dataSync()];
const image = (rows: number[][]): Tensor =>
  reshape(tensor(rows), [1, rows.length, rows[0]!.length, 1]);

describe.each(names)("%s", (name) => {
  const transformation = transformations[name];
  const x = normal(key(1), [3, 8, 8, 3]);

  test("is a function of the key, and leaves no tensors", () => {
    const before = memory().numTensors;
    const [a, b] = [transformation(x, key(2)), transformation(x, key(2))];
    expect(a.shape).toEqual(x.shape);
    expect(pixels(a)).toEqual(pixels(b));
    dispose([a, b]);
    expect(memory().numTensors).toBe(before);
  });

  test("has the gradient that finite differences give", async () => {
    const probe = normal(key(3), x.shape);
    const f = (t: Tensor): Tensor => sum(mul(probe, transformation(t, key(2))));
    const direction = normal(key(4), x.shape);
    const slope = sum(mul(grad(f)(x), direction)).dataSync()[0] as number;
    const h = 1 / 16; // all are linear or affine, so any step is exact
    const difference = sub(f(add(x, mul(direction, h))), f(sub(x, mul(direction, h))));
    expectClose(await difference.data(), [2 * h * slope], 1e-3);
  });
});

test("flip mirrors, rotate turns to the left", () => {
  const x = image([
    [1, 2],
    [3, 4],
  ]);
  expect(pixels(flip(x, key(0)))).toEqual([2, 1, 4, 3]);
  expect(pixels(rotate(x, key(0)))).toEqual([2, 4, 1, 3]);
  expect(() => rotate(image([[1, 2]]), key(0))).toThrow(
    "rotate: images must be square, got [1, 1, 2, 1]",
  );
});

test("translate moves all pixels by the same offset of at most an eighth, mirrored at the edge", () => {
  // A pixel is 10·row + column.
  const rows = Array.from({ length: 8 }, (_, i) => Array.from({ length: 8 }, (_, j) => 10 * i + j));
  const offsets = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const moved = pixels(translate(image(rows), key(seed)));
    const at = (i: number, j: number): number => moved[8 * i + j] as number;
    const [down, right] = [Math.floor(at(4, 4) / 10) - 4, (at(4, 4) % 10) - 4];
    offsets.add(`${down},${right}`);
    const mirror = (i: number): number => (i < 0 ? -i : i > 7 ? 14 - i : i);
    for (let i = 0; i < 8; i++) {
      for (let j = 0; j < 8; j++) expect(at(i, j)).toBe(10 * mirror(i + down) + mirror(j + right));
    }
  }
  expect(offsets.size).toBe(9);
});

test("brightness adds one number an image, contrast multiplies by one, saturation keeps the mean colour", async () => {
  const x = normal(key(1), [2, 4, 4, 3]);
  const spread = (t: Tensor, i: number): number => {
    const values = pixels(t).slice(48 * i, 48 * (i + 1));
    return Math.max(...values) - Math.min(...values);
  };
  const added = sub(brightness(x, key(2)), x);
  const factor = divNoNan(contrast(x, key(2)), x);
  for (const i of [0, 1]) {
    expect(spread(added, i)).toBeLessThan(1e-5);
    expect(spread(factor, i)).toBeLessThan(1e-4);
  }
  expectClose(pixels(mean(saturation(x, key(2)), -1)), pixels(mean(x, -1)), 1e-5);
  const grey = ones([1, 2, 2, 3]);
  expectClose(pixels(saturation(grey, key(2))), pixels(grey), 1e-6);
});

test("cutout sets a square of at most half the size to 0", () => {
  const hidden = pixels(cutout(ones([50, 8, 8, 1]), key(0)));
  const counts = Array.from(
    { length: 50 },
    (_, i) => hidden.slice(64 * i, 64 * (i + 1)).filter((v) => v === 0).length,
  );
  expect(Math.max(...counts)).toBe(16);
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(4);
  expect(hidden.every((v) => v === 0 || v === 1)).toBe(true);
});

describe("adaptive augmentation", () => {
  const augmentation = (probability: number): AdaptiveAugmentation =>
    new AdaptiveAugmentation({ transformations: [(x) => neg(x)], images: 1000, probability });

  test("applies a transformation with probability p, to each image apart", () => {
    const x = ones([2000, 1, 1, 1]);
    const share = (p: number): number => {
      const ada = augmentation(p);
      const before = memory().numTensors;
      const applied = ada.apply(x, key(0));
      expect(memory().numTensors).toBe(before + 1);
      return pixels(applied).filter((v) => v === -1).length / 2000;
    };
    expect([share(0), share(1)]).toEqual([0, 1]);
    expect(Math.abs(share(0.3) - 0.3)).toBeLessThan(0.04);
  });

  test("moves p by batch/images: up while r_t is above its target, down below, within [0, 1]", () => {
    const ada = augmentation(0);
    const sure = ones([100]);
    const half = tensor(Array.from({ length: 100 }, (_, i) => (i % 4 === 0 ? -1 : 1))); // r_t = 0.5
    const after = (logits: Tensor): number => {
      ada.update(logits);
      return ada.probability.dataSync()[0] as number;
    };
    expect(after(half)).toBe(0);
    expect(after(sure)).toBeCloseTo(0.1, 6);
    expect(after(sure)).toBeCloseTo(0.2, 6);
    expect(after(half)).toBeCloseTo(0.1, 6);
    for (let i = 0; i < 20; i++) after(sure);
    expect(after(sure)).toBe(1);
  });

  test.each<[Partial<AdaptiveAugmentation>, string]>([
    [{ images: 0 }, "AdaptiveAugmentation: images must be positive, got 0"],
    [{ target: -1 }, "AdaptiveAugmentation: target must be a finite number of at least 0, got -1"],
  ])("refuses %o", (options, message) => {
    expect(
      () =>
        new AdaptiveAugmentation({
          transformations: [],
          images: 1,
          target: 1,
          ...(options as object),
        }),
    ).toThrow(message);
    expect(() => augmentation(1.5)).toThrow(
      "AdaptiveAugmentation: probability must be in [0, 1], got 1.5",
    );
  });
});

test("differentiable augmentation applies all of them, one after the other", () => {
  const twice = differentiableAugmentation([(x) => mul(x, 3), (x) => sub(x, 1)]);
  expect(pixels(twice.apply(tensor([1, 2]), key(0)))).toEqual([2, 5]);
});
