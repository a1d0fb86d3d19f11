import {
  batchToSpaceND,
  clone,
  concat,
  eye,
  fill,
  type GradConfig,
  mul,
  pad,
  reshape,
  reverse,
  slice,
  slice_util,
  spaceToBatchND,
  stack,
  sum,
  type Tensor,
  transpose,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { gradient, gradientOfList, gradientOfOutputs } from "./define.ts";
import { interleave } from "./interleave.ts";
import { scatterAlong } from "./linear-along.ts";

export const shapeGradients: readonly GradConfig[] = [
  gradient("Reshape", ["x"], (dy, { x }) => ({ x: () => reshape(dy, x.shape) })),
  gradient("ExpandDims", ["input"], (dy, { input }) => ({ input: () => reshape(dy, input.shape) })),
  gradient<"x", { dtype: string }>("Cast", ["x"], (dy, { x }, { dtype }) => ({
    // Truncation to integers is constant by pieces.
    x: () => (x.dtype === "float32" && dtype !== "float32" ? fill(x.shape, 0) : clone(dy)),
  })),
  gradient<"x", { perm: number[] }>("Transpose", ["x"], (dy, _inputs, { perm }) => ({
    x: () =>
      transpose(
        dy,
        perm.map((_, i) => perm.indexOf(i)),
      ),
  })),
  gradient<"x", { dims: number | number[] }>("Reverse", ["x"], (dy, _inputs, { dims }) => ({
    x: () => reverse(dy, dims),
  })),
  gradient("FlipLeftRight", ["image"], (dy) => ({ image: () => reverse(dy, 2) })),

  gradientOfList<{ axis: number }>("Concat", (dy, inputs, { axis }) => {
    const along = axis < 0 ? axis + dy.rank : axis;
    let end = 0;
    return inputs.map((x) => {
      const begin = dy.shape.map(() => 0);
      begin[along] = end;
      end += x.shape[along] as number;
      return () => slice(dy, begin, x.shape);
    });
  }),
  gradientOfOutputs<"x", { axis: number }>("SplitV", "x", (dys, _x, { axis }) => concat(dys, axis)),
  gradientOfList<{ axis: number }>("Pack", (dy, inputs, { axis }) => {
    const along = axis < 0 ? axis + dy.rank : axis;
    return inputs.map((x, i) => () => {
      const begin = dy.shape.map((_, a) => (a === along ? i : 0));
      const size = dy.shape.map((n, a) => (a === along ? 1 : n));
      return reshape(slice(dy, begin, size), x.shape);
    });
  }),
  gradientOfOutputs<"value", { axis: number }>("Unpack", "value", (dys, _value, { axis }) =>
    stack(dys, axis),
  ),

  gradient<"x", { begin: number | number[] }>("Slice", ["x"], (dy, { x }, { begin }) => ({
    x: () => {
      const from = typeof begin === "number" ? [begin] : begin;
      return padTo(
        dy,
        x.shape.map((_, i) => from[i] ?? 0),
        x.shape,
      );
    },
  })),
  gradient<"x", StridedSliceAttrs>("StridedSlice", ["x"], (dy, { x }, attrs) => ({
    x: () => unslice(dy, x.shape, attrs),
  })),
  gradient<"x", { paddings: [number, number][] }>("PadV2", ["x"], (dy, { x }, { paddings }) => ({
    x: () =>
      slice(
        dy,
        paddings.map(([before]) => before),
        x.shape,
      ),
  })),
  gradient<"x", { paddings: [number, number][]; mode: "reflect" | "symmetric" }>(
    "MirrorPad",
    ["x"],
    (dy, { x }, { paddings, mode }) => ({
      x: () =>
        paddings.reduce((d, [before, after], axis) => {
          if (before === 0 && after === 0) return d;
          const n = x.shape[axis] as number;
          return scatterAlong(
            d,
            axis,
            mirrorIndices(n, before, after, mode === "reflect" ? 0 : 1),
            n,
          );
        }, clone(dy)),
    }),
  ),
  gradient<"x", { reps: number[] }>("Tile", ["x"], (dy, { x }, { reps }) => ({
    x: () => untile(dy, x.shape, reps),
  })),

  gradient<"x", { blockShape: number[]; paddings: number[][] }>(
    "SpaceToBatchND",
    ["x"],
    (dy, _inputs, { blockShape, paddings }) => ({
      x: () => batchToSpaceND(dy, blockShape, paddings),
    }),
  ),
  gradient<"x", { blockShape: number[]; crops: number[][] }>(
    "BatchToSpaceND",
    ["x"],
    (dy, _inputs, { blockShape, crops }) => ({ x: () => spaceToBatchND(dy, blockShape, crops) }),
  ),
  gradient<"x", { blockSize: number; dataFormat: "NHWC" | "NCHW" }>(
    "DepthToSpace",
    ["x"],
    (dy, { x }, { blockSize, dataFormat }) => ({
      x: () =>
        dataFormat === "NCHW"
          ? spaceToDepthNCHW(dy, x.shape, blockSize)
          : spaceToDepth(dy, x.shape, blockSize),
    }),
  ),

  gradient("Select", ["condition"], (dy, { condition }) => ({
    condition: () => fill(condition.shape, 0),
    t: () => where(condition, dy, zerosLike(dy)),
    e: () => where(condition, zerosLike(dy), dy),
  })),
  gradient("Diag", ["x"], (dy, { x }) => ({
    x: () => reshape(sum(mul(reshape(dy, [x.size, x.size]), eye(x.size)), 1), x.shape),
  })),
];

interface StridedSliceAttrs {
  begin: number[];
  end: number[];
  strides: number[];
  beginMask: number;
  endMask: number;
  ellipsisMask: number;
  newAxisMask: number;
  shrinkAxisMask: number;
}

/** Puts `dy` at `begin` into zeros of `shape`. */
function padTo(dy: Tensor, begin: readonly number[], shape: readonly number[]): Tensor {
  return pad(
    dy,
    shape.map((n, i): [number, number] => {
      const before = begin[i] as number;
      return [before, n - before - (dy.shape[i] as number)];
    }),
  );
}

/** The transpose of a strided slice. */
function unslice(dy: Tensor, shape: number[], attrs: StridedSliceAttrs): Tensor {
  const { beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
  const info = slice_util.sliceInfo(
    shape,
    attrs.begin,
    attrs.end,
    attrs.strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  );
  const counts = shape.map((_, i) => {
    const span =
      ((info.end[i] as number) - (info.begin[i] as number)) / (info.strides[i] as number);
    return Math.max(0, Math.ceil(span));
  });
  if (counts.includes(0)) return fill(shape, 0);
  const backwards = info.strides.flatMap((stride, i) => (stride < 0 ? [i] : []));
  let d = reshape(dy, counts);
  if (backwards.length > 0) d = reverse(d, backwards);
  info.strides.forEach((stride, i) => {
    d = interleave(d, i, Math.abs(stride));
  });
  const first = info.begin.map((begin, i) => {
    const stride = info.strides[i] as number;
    return stride > 0 ? begin : begin + ((counts[i] as number) - 1) * stride;
  });
  return padTo(d, first, shape);
}

/** Which element of n each element of the mirrored axis is. */
function mirrorIndices(n: number, before: number, after: number, edge: 0 | 1): number[] {
  return Array.from({ length: before + n + after }, (_, position) => {
    const i = position - before;
    if (i < 0) return -i - edge;
    return i < n ? i : 2 * (n - 1) - i + edge;
  });
}

/** Sums over the copies that tiling made. */
function untile(dy: Tensor, shape: readonly number[], reps: readonly number[]): Tensor {
  const split: number[] = [];
  const copies: number[] = [];
  shape.forEach((n, i) => {
    const rep = reps[i] as number;
    if (rep > 1) copies.push(split.push(rep) - 1);
    if (rep === 1 || n > 1) split.push(n);
  });
  return copies.length === 0
    ? clone(dy)
    : reshape(sum(reshape(dy, split), copies), shape as number[]);
}

function spaceToDepth(dy: Tensor, shape: readonly number[], block: number): Tensor {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const split = reshape(dy, [batch * height, block, width, channels / block]);
  return reshape(transpose(split, [0, 2, 1, 3]), [batch, height, width, channels]);
}

function spaceToDepthNCHW(dy: Tensor, shape: readonly number[], block: number): Tensor {
  const [batch, channels, height, width] = shape as [number, number, number, number];
  const split = reshape(dy, [batch, channels / block ** 2, height, block, width, block]);
  return reshape(transpose(split, [0, 3, 5, 1, 2, 4]), [batch, channels, height, width]);
}
