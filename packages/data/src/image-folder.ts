import type { ImageSet } from "./image-set.ts";
import { type FileEntry, readTar } from "./tar.ts";

/** An image's bytes, row-major [height, width, channels]. */
export interface DecodedImage {
  width: number;
  height: number;
  channels: number;
  data: Uint8Array;
}

/** Decodes an image file: the app brings it (sharp, fast-png, a browser's own). */
export type DecodeImage = (bytes: Uint8Array, path: string) => DecodedImage | Promise<DecodedImage>;

const IMAGE = /\.(png|jpe?g|webp|gif|bmp|tiff?|avif|ppm|pgm)$/i;

/**
 * The images of a folder with one folder per class, `…/cat/0001.jpg`: the class of an image is its folder's name, the
 * classes are sorted by name, the images by path. Files without an image's ending and hidden files are passed over.
 * Where no image lies in a folder there are no labels. Images must all have one size.
 *
 * @param entries the folder's files, in any order
 * @param decode turns a file into pixels
 */
export async function imageFolder(
  entries: Iterable<FileEntry>,
  decode: DecodeImage,
): Promise<ImageSet> {
  return read("imageFolder", entries, decode);
}

/**
 * The same for a folder in a tar archive, gzipped or not.
 *
 * @param archive the archive's bytes
 * @param decode turns a file into pixels
 */
export async function imagesFromTar(archive: Uint8Array, decode: DecodeImage): Promise<ImageSet> {
  return read("imagesFromTar", readTar(archive), decode);
}

async function read(
  caller: string,
  entries: Iterable<FileEntry>,
  decode: DecodeImage,
): Promise<ImageSet> {
  const files = [...entries]
    .filter(({ path }) => IMAGE.test(path) && !fileName(path).startsWith("."))
    .sort((a, b) => compare(a.path, b.path));
  const first = files[0];
  if (!first) throw new Error(`${caller}: there is no image among the files`);

  const folders = files.map(({ path }) => folderName(path));
  const classes = [...new Set(folders)].sort(compare) as string[];
  const labelled = folders[0] !== undefined;
  const stray = folders.findIndex((folder) => (folder !== undefined) !== labelled);
  if (stray >= 0) {
    throw new Error(
      `${caller}: ${first.path} and ${files[stray]?.path} differ in lying in a folder, expected one folder for each class or none at all`,
    );
  }

  let set: ImageSet | undefined;
  for (const [i, { path, bytes }] of files.entries()) {
    const image = await decodeOne(caller, decode, bytes, path);
    const { width, height, channels } = image;
    set ??= {
      images: new Uint8Array(files.length * height * width * channels),
      ...(labelled && {
        labels: Int32Array.from(folders, (folder) => classes.indexOf(folder as string)),
        classes,
      }),
      count: files.length,
      height,
      width,
      channels,
    };
    if (width !== set.width || height !== set.height || channels !== set.channels) {
      throw new Error(
        `${caller}: ${path} is ${size(image)}, but ${first.path} is ${size(set)}: bring them to one size first`,
      );
    }
    set.images.set(image.data, i * image.data.length);
  }
  return set as ImageSet;
}

async function decodeOne(
  caller: string,
  decode: DecodeImage,
  bytes: Uint8Array,
  path: string,
): Promise<DecodedImage> {
  let image: DecodedImage;
  try {
    image = await decode(bytes, path);
  } catch (error) {
    throw new Error(`${caller}: ${path} cannot be decoded: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (image.data.length !== image.width * image.height * image.channels) {
    throw new Error(
      `${caller}: decode gave ${image.data.length} bytes for ${path}, expected ${size(image)}`,
    );
  }
  return image;
}

function size({ width, height, channels }: Omit<DecodedImage, "data">): string {
  return `${width}×${height} with ${channels} ${channels === 1 ? "channel" : "channels"}`;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function folderName(path: string): string | undefined {
  return path
    .split("/")
    .filter((part) => part !== "." && part !== "")
    .at(-2);
}

// By code units, the same on every machine.
function compare(a: string | undefined, b: string | undefined): number {
  return (a as string) < (b as string) ? -1 : (a as string) > (b as string) ? 1 : 0;
}
