import {
  add,
  draw,
  type Key,
  matMul,
  mean,
  mul,
  normal,
  normalArray,
  reshape,
  reverse,
  sub,
  type Tensor,
  tidy,
  transpose,
  uniformArray,
} from "@gen/tensor";

/**
 * Changes each image of a batch in its own random way: [batch, height, width, channels] → the same shape. It can be
 * differentiated in the images. The caller disposes of the result.
 */
export type Transformation = (x: Tensor, key: Key) => Tensor;

// Deviations and ranges are those of ADA (Karras et al. 2020, arXiv:2006.06676, appendix B), for images in [−1, 1].

/** Mirrored left to right. */
export const flip: Transformation = (x) => reverse(x, 2);

/** Turned by a right angle, to the left. Images must be square. */
export const rotate: Transformation = (x) => {
  if (x.shape[1] !== x.shape[2]) {
    throw new Error(`rotate: images must be square, got [${x.shape.join(", ")}]`);
  }
  return tidy(() => reverse(transpose(x, [0, 2, 1, 3]), 1));
};

/** Moved by whole pixels, up to an eighth of the size each way; what comes in is mirrored at the edge. */
export const translate: Transformation = (x, key) =>
  tidy(() => {
    const [batch, height, width, channels] = x.shape as [number, number, number, number];
    const moved = matMul(
      shifts(key, 0, batch, height),
      reshape(x, [batch, height, width * channels]),
    );
    const columns = reshape(moved, [batch, height, width, channels]);
    const turned = reshape(transpose(columns, [0, 2, 1, 3]), [batch, width, height * channels]);
    const both = matMul(shifts(key, 1, batch, width), turned);
    return transpose(reshape(both, [batch, width, height, channels]), [0, 2, 1, 3]);
  });

/** A number added to the whole image, of deviation 0.2. */
export const brightness: Transformation = (x, key) =>
  tidy(() => add(x, mul(0.2, normal(key, [x.shape[0] as number, 1, 1, 1]))));

/** The image multiplied by 2^n, n of deviation 0.5. */
export const contrast: Transformation = (x, key) => tidy(() => mul(x, factors(key, x, 0.5)));

/** Colours moved from or to their mean by 2^n, n of deviation 1. Grey images stay as they are. */
export const saturation: Transformation = (x, key) =>
  tidy(() => {
    const grey = mean(x, -1, true);
    return add(grey, mul(sub(x, grey), factors(key, x, 1)));
  });

/** A square of half the size, anywhere, set to 0. */
export const cutout: Transformation = (x, key) =>
  tidy(() => {
    const [batch, height, width] = x.shape as [number, number, number];
    const hole = draw(key, [batch, height, width, 1], (k, rows) => {
      const places = uniformArray(k, 2 * rows);
      const kept = new Float32Array(rows * height * width).fill(1);
      for (let b = 0; b < rows; b++) {
        const lines = hidden(places[2 * b] as number, height);
        const columns = hidden(places[2 * b + 1] as number, width);
        for (let i = lines[0]; i < lines[1]; i++) {
          const row = (b * height + i) * width;
          kept.fill(0, row + columns[0], row + columns[1]);
        }
      }
      return kept;
    });
    return mul(x, hole);
  });

export type TransformationName =
  | "flip"
  | "rotate"
  | "translate"
  | "brightness"
  | "contrast"
  | "saturation"
  | "cutout";

/** All of them by name, as a configuration says them. */
export const transformations: Readonly<Record<TransformationName, Transformation>> = {
  flip,
  rotate,
  translate,
  brightness,
  contrast,
  saturation,
  cutout,
};

const factors = (key: Key, x: Tensor, deviation: number): Tensor =>
  draw(key, [x.shape[0] as number, 1, 1, 1], (k, rows) =>
    normalArray(k, rows).map((n) => 2 ** (deviation * n)),
  );

/** Matrices [batch, size, size] that take each pixel from some pixels away. */
const shifts = (key: Key, axis: number, batch: number, size: number): Tensor =>
  draw(key, [batch, size, size], (k, rows) => {
    const places = uniformArray(k, 2 * rows);
    const matrices = new Float32Array(rows * size * size);
    for (let b = 0; b < rows; b++) {
      const offset = Math.round(((places[2 * b + axis] as number) - 0.5) * (size / 4));
      for (let i = 0; i < size; i++) {
        const from = i + offset;
        const mirrored = from < 0 ? -from : from < size ? from : 2 * (size - 1) - from;
        matrices[(b * size + i) * size + mirrored] = 1;
      }
    }
    return matrices;
  });

/** Where half of a side is hidden, around a place in [0, 1). */
function hidden(place: number, size: number): [from: number, to: number] {
  const centre = Math.floor(place * size);
  const from = centre - Math.floor(size / 4);
  return [Math.max(0, from), Math.min(size, from + Math.ceil(size / 2))];
}
