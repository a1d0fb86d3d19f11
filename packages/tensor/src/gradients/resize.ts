import type { GradConfig, Tensor } from "@tensorflow/tfjs-core";
import { gradient } from "./define.ts";
import { linearAlong } from "./linear-along.ts";

interface Attrs {
  alignCorners: boolean;
  halfPixelCenters: boolean;
}

// Resizing multiplies the rows and the columns of [batch, height, width, channels] by two small matrices; its gradient
// multiplies by their transposes. TensorFlow.js's own kernels for it are wrong for several images, for images that are
// not square, and for half-pixel centres.

export const resizeGradients: readonly GradConfig[] = [
  gradient<"images", Attrs>("ResizeBilinear", ["images"], (dy, { images }, attrs) => ({
    images: () => unresize(dy, images.shape, attrs, bilinearWeights),
  })),
  gradient<"images", Attrs>("ResizeNearestNeighbor", ["images"], (dy, { images }, attrs) => ({
    images: () => unresize(dy, images.shape, attrs, nearestWeights),
  })),
];

/** The elements, with their weights, that the element at `i` of the resized axis is made of. */
type Weights = (
  i: number,
  n: number,
  ratio: number,
  attrs: Attrs,
) => [index: number, weight: number][];

function unresize(dy: Tensor, shape: readonly number[], attrs: Attrs, weights: Weights): Tensor {
  return [1, 2].reduce((d, axis) => {
    const n = shape[axis] as number;
    const m = dy.shape[axis] as number;
    const ratio = attrs.alignCorners && m > 1 ? (n - 1) / (m - 1) : n / m;
    const matrix = new Float32Array(n * m);
    for (let i = 0; i < m; i++) {
      for (const [index, weight] of weights(i, n, ratio, attrs)) {
        matrix[index * m + i] = (matrix[index * m + i] as number) + weight;
      }
    }
    return linearAlong(d, axis, matrix, n);
  }, dy);
}

const bilinearWeights: Weights = (i, n, ratio, { halfPixelCenters }) => {
  const source = halfPixelCenters ? ratio * (i + 0.5) - 0.5 : ratio * i;
  const inside = Math.min(Math.max(source, 0), n - 1);
  const low = Math.floor(inside);
  return [
    [low, 1 - (inside - low)],
    [Math.ceil(inside), inside - low],
  ];
};

const nearestWeights: Weights = (i, n, ratio, { alignCorners, halfPixelCenters }) => {
  const source = halfPixelCenters ? ratio * (i + 0.5) : ratio * i;
  return [[Math.min(n - 1, alignCorners ? Math.round(source) : Math.floor(source)), 1]];
};
