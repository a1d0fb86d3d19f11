import {
  backend_util,
  cast,
  div,
  equal,
  gather,
  type GradConfig,
  mul,
  pad,
  reshape,
  sum,
  type Tensor,
  tensor1d,
  tile,
} from "@tensorflow/tfjs-core";
import { gradient, runKernel } from "./define.ts";
import { linearAlong, scatterAlong } from "./linear-along.ts";
import { stopGradient } from "./stop-gradient.ts";

interface Attrs {
  filterSize: [number, number] & [number, number, number];
  strides: [number, number] & [number, number, number];
  pad: "valid" | "same" | number;
  dimRoundingMode?: "floor" | "round" | "ceil";
}

/** The windows along one axis: `count` of them, `size` wide, the i-th from `i * stride - before` of `n` elements. */
interface Windows {
  n: number;
  count: number;
  size: number;
  stride: number;
  before: number;
}

export const poolGradients: readonly GradConfig[] = [
  ...["AvgPool", "AvgPool3D"].map((name) =>
    gradient<"x", Attrs>(name, ["x"], (dy, { x }, attrs) => ({
      x: () => unaverage(dy, windowsOf(x, attrs)),
    })),
  ),
  ...["MaxPool", "MaxPool3D"].map((name) =>
    gradient<"x", Attrs>(name, ["x"], (dy, { x }, attrs) => ({
      x: () => toMaxima(dy, x, runKernel(name, { x }, attrs), windowsOf(x, attrs)),
    })),
  ),
];

function windowsOf(x: Tensor, attrs: Attrs): Windows[] {
  const { filterSize, strides, pad: padding, dimRoundingMode } = attrs;
  if (x.rank === 5) {
    const shape = x.shape as [number, number, number, number, number];
    const info = backend_util.computePool3DInfo(
      shape,
      filterSize,
      strides,
      1,
      padding,
      dimRoundingMode,
    );
    return [
      {
        n: info.inDepth,
        count: info.outDepth,
        size: info.filterDepth,
        stride: info.strideDepth,
        before: info.padInfo.front,
      },
      {
        n: info.inHeight,
        count: info.outHeight,
        size: info.filterHeight,
        stride: info.strideHeight,
        before: info.padInfo.top,
      },
      {
        n: info.inWidth,
        count: info.outWidth,
        size: info.filterWidth,
        stride: info.strideWidth,
        before: info.padInfo.left,
      },
    ];
  }
  const shape = x.shape as [number, number, number, number];
  const info = backend_util.computePool2DInfo(
    shape,
    filterSize,
    strides,
    1,
    padding,
    dimRoundingMode,
  );
  return [
    {
      n: info.inHeight,
      count: info.outHeight,
      size: info.filterHeight,
      stride: info.strideHeight,
      before: info.padInfo.top,
    },
    {
      n: info.inWidth,
      count: info.outWidth,
      size: info.filterWidth,
      stride: info.strideWidth,
      before: info.padInfo.left,
    },
  ];
}

/** Whether the windows tile the image: each element is in one window. */
const exact = (windows: Windows[]): boolean =>
  windows.every(
    ({ n, count, size, stride, before }) => size === stride && before === 0 && count * size === n,
  );

/** [batch, ...axes, channels] with every axis of windows as [window, `inWindow`]; the batch is merged with the first. */
function split(x: Tensor, windows: Windows[], inWindow: (w: Windows) => number): Tensor {
  const inner = windows.flatMap((w) => [w.count, inWindow(w)]);
  const [first = 1, ...rest] = inner;
  return reshape(x, [(x.shape[0] as number) * first, ...rest, x.shape[x.rank - 1] as number]);
}

/** Spreads the gradient of each mean in equal parts over the elements of its window, padding not counted. */
function unaverage(dy: Tensor, windows: Windows[]): Tensor {
  const shape = [
    dy.shape[0] as number,
    ...windows.map((w) => w.n),
    dy.shape[dy.rank - 1] as number,
  ];
  if (exact(windows)) {
    const elements = windows.reduce((product, w) => product * w.size, 1);
    const reps = [1, ...windows.flatMap((w) => [w.size, 1])];
    return reshape(
      tile(
        split(mul(dy, 1 / elements), windows, () => 1),
        reps,
      ),
      shape,
    );
  }
  return windows.reduce((d, w, i) => {
    const matrix = new Float32Array(w.n * w.count);
    for (let o = 0; o < w.count; o++) {
      const from = Math.max(0, o * w.stride - w.before);
      const to = Math.min(w.n, o * w.stride - w.before + w.size);
      for (let j = from; j < to; j++) matrix[j * w.count + o] = 1 / (to - from);
    }
    return linearAlong(d, 1 + i, matrix, w.n);
  }, dy);
}

/** Gives the gradient of each maximum to where it is in its window, in equal parts where it is several times. */
function toMaxima(dy: Tensor, x: Tensor, y: Tensor, windows: Windows[]): Tensor {
  const apart = exact(windows);
  const size = (w: Windows): number => w.size;
  const inWindows = split(apart ? x : unroll(x, windows), windows, size);
  const hits = cast(
    equal(
      inWindows,
      split(y, windows, () => 1),
    ),
    "float32",
  );
  const share = stopGradient(
    div(
      hits,
      sum(
        hits,
        windows.map((_, i) => 1 + 2 * i),
        true,
      ),
    ),
  );
  const d = mul(
    split(dy, windows, () => 1),
    share,
  );
  if (apart) return reshape(d, x.shape);
  const unrolled = reshape(d, [
    x.shape[0] as number,
    ...windows.map((w) => w.count * w.size),
    x.shape[x.rank - 1] as number,
  ]);
  return windows.reduce((result, w, i) => scatterAlong(result, 1 + i, places(w), w.n), unrolled);
}

/** The elements of all windows along an axis, one window after the other; -1 is padding. */
function places({ n, count, size, stride, before }: Windows): number[] {
  return Array.from({ length: count * size }, (_, i) => {
    const place = Math.floor(i / size) * stride - before + (i % size);
    return place >= 0 && place < n ? place : -1;
  });
}

/** Lays overlapping windows one after the other along each axis; padding is the lowest number. */
function unroll(x: Tensor, windows: Windows[]): Tensor {
  const lowest = -3.4e38;
  return windows.reduce((result, w, i) => {
    const paddings = result.shape.map((_, axis): [number, number] => [0, axis === 1 + i ? 1 : 0]);
    const indices = places(w).map((place) => (place < 0 ? w.n : place));
    return gather(pad(result, paddings, lowest), tensor1d(indices, "int32"), 1 + i);
  }, x);
}
