import { expectClose } from "@gen/testing";
import { expect, test } from "vitest";
import { reference } from "../test/reference.ts";
import { type FeatureMaps, type ImagePairs, perceptualDistance, psnr, ssim } from "./index.ts";

const { shape, a, b } = reference.images;
const images: ImagePairs = { shape, a, b, range: 2 };

test("PSNR is 10·log₁₀(range²/MSE) of each image, by NumPy", () => {
  const report = psnr(images);
  expectClose(report.values, reference.images.psnr, 1e-12);
  expect(report.mean).toBeCloseTo((report.values[0]! + report.values[1]!) / 2, 12);
  expect(psnr({ shape: [1, 1, 1, 1], a: [255], b: [0], range: 255 }).mean).toBeCloseTo(0, 12);
});

test("SSIM is that of SciPy's Gaussian filter", () => {
  const report = ssim(images);
  expectClose(report.values, reference.images.ssim, 1e-11);
  expect(report.interval?.low).toBeLessThan(report.mean);
});

test("equal images: PSNR Infinity, SSIM 1, perceptual distance 0; no interval of what is not finite", () => {
  expect(psnr({ ...images, b: a }).values).toEqual(Float64Array.of(Infinity, Infinity));
  expect(psnr({ ...images, b: a }).interval).toBeUndefined();
  expectClose(ssim({ ...images, b: a }).values, [1, 1], 1e-12);
});

test("PSNR and SSIM depend on the range only through its unit", () => {
  const half = { ...images, a: a.map((v) => v / 2), b: b.map((v) => v / 2), range: 1 };
  expectClose(psnr(half).values, psnr(images).values, 1e-12);
  expectClose(ssim(half).values, ssim(images).values, 1e-12);
});

const layers = (values: readonly number[][]): FeatureMaps[] =>
  values.map((one, at) => ({ shape: reference.layers.shapes[at]!, values: one }));
const first = layers(reference.layers.a);
const second = layers(reference.layers.b);

test("the perceptual distance is PyTorch's, and 0 for maps that differ in length only", () => {
  const { weights, distance } = reference.layers;
  expectClose(perceptualDistance(first, second, weights).values, distance, 1e-12);
  const doubled = first.map((one) => ({ ...one, values: Array.from(one.values, (v) => 2 * v) }));
  expect(perceptualDistance(first, doubled).mean).toBeLessThan(1e-18);
});

test("images and maps that do not fit are refused in one sentence", () => {
  for (const metric of [psnr, ssim]) {
    expect(() => metric({ ...images, a: [1] })).toThrow(
      /^(psnr|ssim): both sets must hold the 1326 numbers of shape \[2, 13, 17, 3\], got 1 and 1326$/,
    );
    expect(() => metric({ ...images, range: 0 })).toThrow(
      "range must be positive and finite, got 0",
    );
    expect(() => metric({ ...images, b: b.with(5, NaN) })).toThrow(
      /images must be finite, got .* and NaN at place 5$/,
    );
    expect(() => metric({ ...images, shape: [0, 13, 17, 3] })).toThrow(
      "shape must be [count, height, width, channels], got [0, 13, 17, 3]",
    );
  }
  const small: ImagePairs = { shape: [1, 10, 20, 1], a: [], b: [], range: 1 };
  const zeros = new Float32Array(200);
  expect(() => ssim({ ...small, a: zeros, b: zeros })).toThrow(
    "ssim: images must be at least 11 × 11 pixels, got 10 × 20",
  );
  expect(() => perceptualDistance(first, second.slice(1))).toThrow(
    "perceptualDistance: both sides need the same layers, at least one, got 2 and 1",
  );
  expect(() => perceptualDistance(first, second.toReversed())).toThrow(
    "perceptualDistance: layer 0 must have one shape, got [2,4,3,5] and [2,2,2,3]",
  );
  expect(() => perceptualDistance(first, second, [[1], [1, 1, 1]])).toThrow(
    "perceptualDistance: layer 0 needs 5 weights, got 1",
  );
});
