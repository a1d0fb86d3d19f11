import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { realData } from "../test/real.ts";
import { mnist } from "./index.ts";

const IMAGES = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, 40);
const labelsOf = (...labels: number[]) =>
  Uint8Array.of(0, 0, 8, 1, 0, 0, 0, labels.length, ...labels);

it("images and labels are put together", () => {
  const set = mnist(IMAGES, labelsOf(7, 0));
  expect(set).toMatchObject({ count: 2, height: 1, width: 2, channels: 1 });
  expect(set.images).toEqual(Uint8Array.of(10, 20, 30, 40));
  expect(set.labels).toEqual(Int32Array.of(7, 0));
  expect(set.classes).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
});

it("sets with other classes can name them", () => {
  expect(mnist(IMAGES, labelsOf(1, 0), ["shirt", "shoe"]).classes).toEqual(["shirt", "shoe"]);
});

describe("refused with one sentence:", () => {
  it.each<[string, Uint8Array, Uint8Array, string]>([
    [
      "a label out of range",
      IMAGES,
      labelsOf(3, 10),
      "mnist: label 1 is 10, expected an integer in [0, 10)",
    ],
    [
      "fewer labels than images",
      IMAGES,
      labelsOf(3),
      "mnist: imagesFile holds 2 images, but labelsFile 1 labels",
    ],
    [
      "swapped files",
      labelsOf(3),
      IMAGES,
      "mnist: imagesFile has shape [1], expected bytes of shape [count, height, width]",
    ],
    [
      "images twice",
      IMAGES,
      IMAGES,
      "mnist: labelsFile has shape [2, 1, 2], expected bytes of shape [count]; are the two files swapped?",
    ],
    [
      "a truncated file",
      IMAGES.subarray(0, 18),
      labelsOf(3, 1),
      "mnist: imagesFile: not a valid IDX file: its shape [2, 1, 2] takes 4 bytes, but 2 follow the header",
    ],
  ])("%s", (_, images, labels, message) => {
    expect(() => mnist(images, labels)).toThrow(message);
  });
});

const paths = ["mnist/t10k-images-idx3-ubyte.gz", "mnist/t10k-labels-idx1-ubyte.gz"] as const;
const real = realData(...paths);
it("the real MNIST test set is read as it is known", ({ skip }) => {
  if (real.skip) return skip(real.skip);
  const [imagesFile, labelsFile] = paths.map(real.read) as [Uint8Array, Uint8Array];
  const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");
  expect(md5(imagesFile)).toBe("9fb629c4189551a2d022fa330f9573f3");
  expect(md5(labelsFile)).toBe("ec29112dd5afa0611ce80d1b7f02629c");
  const set = mnist(imagesFile, labelsFile);
  expect(set).toMatchObject({ count: 10_000, height: 28, width: 28, channels: 1 });
  expect([...set.labels!.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  const counts = Array.from({ length: 10 }, (_, d) => set.labels!.filter((l) => l === d).length);
  expect(counts).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  const mean = set.images.reduce((sum, byte) => sum + byte, 0) / set.images.length / 255;
  expect(mean).toBeCloseTo(0.13251, 4);
});
