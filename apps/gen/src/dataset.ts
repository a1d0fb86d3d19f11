import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type FileEntry,
  gatherImages,
  glyphs,
  holdOut,
  imageFolder,
  type ImageSet,
  imagesFromTar,
  mnist,
  parseCifar10,
  pointSets,
  subset,
} from "@gen/data";
import { foldIn, key, permutation } from "@gen/random";
import type { DataConfig } from "./config.ts";
import { decodeImage } from "./decode-image.ts";
import type { Examples } from "./examples.ts";
import { codeOf, messageOf, misuse } from "./failure.ts";
import type { Output } from "./output.ts";

/** Images to train on, and others to test with. */
export interface ImageDataset {
  kind: "images";
  training: ImageSet;
  heldOut: ImageSet;
  examples: Examples;
}

/** Points of the plane, x and y in turn. */
export interface PointDataset {
  kind: "points";
  training: Float32Array;
  /** As many, up to 10,000: others of the same set. */
  heldOut: Float32Array;
  examples: Examples;
}

export type Dataset = ImageDataset | PointDataset;

/**
 * Reads or makes the examples that a configuration names.
 *
 * @param folder given by --data, if it was
 */
export async function loadDataset(
  config: DataConfig,
  folder: string | undefined,
  output: Output,
): Promise<Dataset> {
  if (config.name === "points") {
    const draw = pointSets[config.set];
    return {
      kind: "points",
      training: draw(key(config.seed), config.training),
      heldOut: draw(foldIn(key(config.seed), 1), Math.min(config.training, 10_000)),
      examples: { shape: [2], classes: 0 },
    };
  }
  const { training, heldOut } = await loadImages(config, folder, output);
  const { height, width, channels, classes = [] } = training;
  return {
    kind: "images",
    training,
    heldOut,
    examples: { shape: [height, width, channels], classes: classes.length },
  };
}

/** All images of a set as numbers in [-1, 1]. */
export function normalized(set: ImageSet): Float32Array {
  return gatherImages(
    set,
    Int32Array.from({ length: set.count }, (_, i) => i),
  ).images;
}

type Parts = Pick<ImageDataset, "training" | "heldOut">;

async function loadImages(
  config: Exclude<DataConfig, { name: "points" }>,
  folder: string | undefined,
  output: Output,
): Promise<Parts> {
  switch (config.name) {
    case "glyphs": {
      const seed = key(config.seed);
      return {
        training: glyphs(foldIn(seed, 0), config.training),
        heldOut: glyphs(foldIn(seed, 1), config.heldOut),
      };
    }
    case "mnist": {
      const place = join(dataFolder(folder), "mnist");
      const images = findFile(place, "t10k-images-idx3-ubyte", ".gz");
      const labels = findFile(place, "t10k-labels-idx1-ubyte", ".gz");
      const set = readable(`${images} and ${labels}`, () =>
        mnist(readFileSync(images), readFileSync(labels)),
      );
      return divide(set, config.heldOut, config.training, images);
    }
    case "cifar10": {
      const place = join(dataFolder(folder), "cifar10");
      output.say("Reading CIFAR-10 …");
      const [train, test] = await Promise.all([
        cifarPart(place, "train"),
        cifarPart(place, "test"),
      ]);
      return {
        training: choose(train, config.training, "data.training", place),
        heldOut: choose(test, config.heldOut, "data.heldOut", place),
      };
    }
    case "folder": {
      output.say(`Reading ${config.path} …`);
      return divide(await readFolder(config.path), config.heldOut, undefined, config.path);
    }
  }
}

/** Where real data sets lie: as told, else in $GEN_DATA, else in shared/data beside the repository. */
function dataFolder(given: string | undefined): string {
  const named = given ?? process.env["GEN_DATA"];
  if (named !== undefined) {
    if (existsSync(named)) return named;
    throw misuse(`The data folder ${named} does not exist; ${builtIn}`);
  }
  const repository = fileURLToPath(new URL("../../../../shared/data", import.meta.url));
  const beside = [join("..", "shared", "data"), repository].find((path) => existsSync(path));
  if (beside !== undefined) return beside;
  throw misuse(
    `This preset needs real data: give its folder by --data or $GEN_DATA, or take a set that is built in (${builtInNames}).`,
  );
}

const builtInNames = "glyphs, points-8gaussians, …";
const builtIn = `give another by --data, or take a preset that needs none (${builtInNames}).`;

function findFile(folder: string, name: string, ending: string): string {
  const found = [join(folder, name), join(folder, name + ending)].find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw misuse(`There is no ${name}${ending} in ${folder}; ${builtIn}`);
}

/** What a reader says of a damaged file, with the file's name before it. */
function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw misuse(
      `${path} cannot be read: ${messageOf(error)}${messageOf(error).endsWith(".") ? "" : "."}`,
    );
  }
}

async function readableLater<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw misuse(
      `${path} cannot be read: ${messageOf(error)}${messageOf(error).endsWith(".") ? "" : "."}`,
    );
  }
}

/** The same division for every run, whatever its seed: what one held out, no other has trained on. */
function divide(
  set: ImageSet,
  heldOut: number,
  training: number | undefined,
  source: string,
): Parts {
  if (heldOut >= set.count) {
    throw misuse(
      `data.heldOut must be below the ${set.count} images of ${source}, got ${heldOut}.`,
    );
  }
  const parts =
    heldOut > 0 ? holdOut(set, heldOut, key(0)) : { train: set, heldOut: subset(set, []) };
  return {
    training:
      training === undefined ? parts.train : choose(parts.train, training, "data.training", source),
    heldOut: parts.heldOut,
  };
}

/** So many images of a set, always the same: a random choice, as files may be sorted by class. */
function choose(set: ImageSet, count: number, setting: string, source: string): ImageSet {
  if (count > set.count) {
    throw misuse(`${setting} must be at most the ${set.count} images of ${source}, got ${count}.`);
  }
  return count === set.count
    ? set
    : subset(set, permutation(key(1), set.count).subarray(0, count).sort());
}

/** CIFAR-10 as its binary batches, or as archives of JPEG files. */
async function cifarPart(folder: string, part: "train" | "test"): Promise<ImageSet> {
  const batches = (
    part === "train" ? [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`) : ["test_batch.bin"]
  ).map((name) => join(folder, name));
  if (batches.every((path) => existsSync(path))) {
    return readable(folder, () => parseCifar10(...batches.map((path) => readFileSync(path))));
  }
  const archive = findFile(folder, `${part}.tar`, ".gz");
  return readableLater(archive, () => imagesFromTar(readFileSync(archive), decodeImage));
}

async function readFolder(path: string): Promise<ImageSet> {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    throw misuse(
      `data.path ${path} ${codeOf(error) === "ENOENT" ? "does not exist" : messageOf(error)}; ${builtIn}`,
    );
  }
  return readableLater(path, () =>
    isFolder
      ? imageFolder(filesUnder(path), decodeImage)
      : imagesFromTar(readFileSync(path), decodeImage),
  );
}

function filesUnder(folder: string): FileEntry[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path: relative(folder, path).split(sep).join("/"), bytes: readFileSync(path) };
    });
}
