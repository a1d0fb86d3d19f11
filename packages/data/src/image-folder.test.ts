import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { realData } from "../test/real.ts";
import { tarOf } from "../test/tar-file.ts";
import { type DecodedImage, imageFolder, imagesFromTar, readTar } from "./index.ts";

// A picture format for tests: width, height, channels, then the pixels.
const decode = (bytes: Uint8Array): DecodedImage => {
  const [width, height, channels] = bytes as unknown as [number, number, number];
  return { width, height, channels, data: bytes.subarray(3) };
};
const picture = (...pixels: number[]) => Uint8Array.of(pixels.length, 1, 1, ...pixels);
const file = (path: string, bytes: Uint8Array) => ({ path, bytes });

describe("a folder of images", () => {
  const entries = [
    file("set/dog/2.png", picture(5, 6)),
    file("set/cat/b.JPG", picture(3, 4)),
    file("set/cat/a.jpeg", picture(1, 2)),
    file("set/cat/.hidden.png", picture(9)),
    file("set/readme.txt", picture(9)),
  ];
  const expected = {
    images: Uint8Array.of(1, 2, 3, 4, 5, 6),
    labels: Int32Array.of(0, 0, 1),
    classes: ["cat", "dog"],
    count: 3,
    height: 1,
    width: 2,
    channels: 1,
  };
  it("becomes a set, its classes the folders' names", async () => {
    expect(await imageFolder(entries, decode)).toEqual(expected);
    expect(await imageFolder([...entries].reverse(), async (bytes) => decode(bytes))).toEqual(
      expected,
    );
  });
  it("may be a tar archive", async () => {
    const archive = tarOf(
      ...entries.map(({ path, bytes }) => ({ path: `./${path}`, contents: bytes })),
    );
    expect(await imagesFromTar(archive, decode)).toEqual(expected);
    expect(await imagesFromTar(gzipSync(archive), decode)).toEqual(expected);
  });
  it("has no labels where no image lies in a folder", async () => {
    const set = await imageFolder([file("b.png", picture(2)), file("./a.png", picture(1))], decode);
    expect(set).not.toHaveProperty("labels");
    expect(set).not.toHaveProperty("classes");
    expect(set.count).toBe(2);
  });
});

describe("refused with one sentence:", () => {
  it("images that differ in size, naming the file and both sizes", async () => {
    const entries = [file("a/1.png", picture(1, 2)), file("a/2.png", picture(1, 2, 3))];
    await expect(imageFolder(entries, decode)).rejects.toThrow(
      "imageFolder: a/2.png is 3×1 with 1 channel, but a/1.png is 2×1 with 1 channel: bring them to one size first",
    );
    const colour = [
      file("a/1.png", picture(1, 2)),
      file("a/2.png", Uint8Array.of(2, 1, 3, 1, 2, 3, 4, 5, 6)),
    ];
    await expect(imageFolder(colour, decode)).rejects.toThrow(
      /a\/2\.png is 2×1 with 3 channels, but a\/1\.png is/,
    );
  });
  it("no image at all", async () => {
    await expect(imageFolder([file("a/readme.md", picture())], decode)).rejects.toThrow(
      "imageFolder: there is no image among the files",
    );
  });
  it("images both in a folder and outside", async () => {
    await expect(
      imageFolder([file("a/1.png", picture(1)), file("z.png", picture(1))], decode),
    ).rejects.toThrow(/^imageFolder: a\/1\.png and z\.png differ in lying in a folder/);
  });
  it("an image that cannot be decoded, naming it", async () => {
    const fail = () => {
      throw new Error("bad marker");
    };
    await expect(imageFolder([file("a/1.png", picture(1))], fail)).rejects.toThrow(
      "imageFolder: a/1.png cannot be decoded: bad marker",
    );
  });
  it("pixels that are not of the size they say", async () => {
    const wrong = () => ({ width: 2, height: 2, channels: 3, data: new Uint8Array(4) });
    await expect(imageFolder([file("a/1.png", picture(1))], wrong)).rejects.toThrow(
      "imageFolder: decode gave 4 bytes for a/1.png, expected 2×2 with 3 channels",
    );
  });
  it("a damaged archive", async () => {
    await expect(imagesFromTar(new Uint8Array(100).fill(1), decode)).rejects.toThrow(
      /^readTar: not a valid tar/,
    );
  });
});

const real = realData("cifar10/test.tar.gz");
it("the real CIFAR-10 test archive has 1,000 images of each of ten classes", async ({ skip }) => {
  if (real.skip) return skip(real.skip);
  const archive = real.read("cifar10/test.tar.gz");
  const pictures = readTar(archive).filter(({ path }) => path.endsWith(".jpg"));
  expect(pictures.every(({ bytes }) => bytes[0] === 0xff && bytes[1] === 0xd8)).toBe(true);
  const first = (bytes: Uint8Array) => ({
    width: 1,
    height: 1,
    channels: 1,
    data: bytes.subarray(0, 1),
  });
  const set = await imagesFromTar(archive, first);
  expect(set.count).toBe(10_000);
  expect(set.classes).toEqual([
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
  ]);
  for (let c = 0; c < 10; c++) expect(set.labels!.filter((label) => label === c).length).toBe(1000);
});
