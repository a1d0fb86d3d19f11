import { type Examples } from "./examples.ts";
import { imageGrid, type Png, scatter, toPixels } from "./image-grid.ts";

export interface DrawGridOptions {
  /** Each pixel of an image becomes a square this wide. Default 1. */
  scale?: number;
  /** Points of the data, drawn to the left of the samples. */
  beside?: Float32Array | undefined;
}

/**
 * One picture of many samples: images in a grid with a row for each class, labelled, if their number allows; points as
 * a scatter, beside as many of the data.
 *
 * @param samples in the order of `labels`
 */
export function drawGrid(
  samples: Float32Array,
  labels: Int32Array,
  { shape, classes }: Examples,
  { scale = 1, beside }: DrawGridOptions = {},
): Png {
  const [height, width, channels] = shape;
  if (height === undefined || width === undefined || channels === undefined)
    return scatter([...(beside ? [beside.subarray(0, samples.length)] : []), samples], 4.5);
  const size = height * width * channels;
  const pixels = toPixels(samples);
  const present = [...new Set(labels)].sort((a, b) => a - b);
  const perClass = labels.length / present.length;
  const byClass = classes > 0 && Number.isInteger(perClass);
  const picture = { count: labels.length, height, width, channels };
  if (!byClass) return imageGrid({ ...picture, pixels }, { scale });

  const sorted = new Uint8Array(pixels.length);
  const order = [...labels.keys()].sort(
    (a, b) => (labels[a] as number) - (labels[b] as number) || a - b,
  );
  order.forEach((from, to) =>
    sorted.set(pixels.subarray(from * size, (from + 1) * size), to * size),
  );
  const even = present.every((label) => labels.filter((l) => l === label).length === perClass);
  if (!even) return imageGrid({ ...picture, pixels }, { scale });
  // Many samples of few classes: several rows each.
  const columns = Math.min(perClass, Math.max(10, Math.ceil(Math.sqrt(labels.length))));
  if (perClass % columns !== 0) return imageGrid({ ...picture, pixels: sorted }, { scale });
  const rowLabels = present.flatMap((label) => [
    String(label),
    ...new Array<string>(perClass / columns - 1).fill(""),
  ]);
  return imageGrid({ ...picture, pixels: sorted }, { columns, scale, rowLabels });
}
