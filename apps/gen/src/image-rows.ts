import type { Dataset } from "./dataset.ts";
import { type Examples, sizeOf } from "./examples.ts";
import { imageGrid, type Png, toPixels } from "./image-grid.ts";
import { heldOutOf } from "./likelihood-report.ts";

export interface Images {
  numbers: Float32Array;
  labels: Int32Array | undefined;
}

/** The first held-out images, or, where none are held out, of the training set. */
export function someImages(dataset: Dataset, count: number): Images {
  const heldOut = heldOutOf(dataset, count);
  if (heldOut.count > 0 || dataset.kind === "points") {
    return { numbers: heldOut.numbers, labels: heldOut.labels };
  }
  return someImages({ ...dataset, heldOut: dataset.training }, count);
}

/** Images in [-1, 1], one after another, in rows of so many. */
export function rowsOf(numbers: Float32Array, { shape }: Examples, columns: number): Png {
  const [height, width, channels] = shape as [number, number, number];
  const count = numbers.length / (height * width * channels);
  const picture = { pixels: toPixels(numbers), count, height, width, channels };
  return imageGrid(picture, { columns, scale: 2 });
}

/** Rows of images, and below each row another of what they became. */
export function pairedRows(
  above: Float32Array,
  below: Float32Array,
  examples: Examples,
  columns: number,
): Png {
  const row = columns * sizeOf(examples);
  const all = new Float32Array(above.length + below.length);
  for (let at = 0; at < above.length; at += row) {
    all.set(above.subarray(at, at + row), 2 * at);
    all.set(below.subarray(at, at + row), 2 * at + row);
  }
  return rowsOf(all, examples, columns);
}
