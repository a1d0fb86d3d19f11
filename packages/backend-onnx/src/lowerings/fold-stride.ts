import type { Graph, Value } from "../graph.ts";
import { padOp } from "../kernels/shape.ts";
import type { ConvGeometry } from "./conv-geometry.ts";

type Four = [number, number, number, number];

/*
 * A convolution of stride s whose kernel is a multiple of s is one of stride 1 over the image folded into depth: every
 * s×s square of pixels becomes one pixel of s²·I channels, in the order row, column, channel. Its gradients are then
 * those of stride 1, for which there are fast forms (docs/performance.md).
 */

/** Whether `foldStride` applies. */
export function isFoldable({ kernel, strides, dilations }: ConvGeometry): boolean {
  const [s] = strides;
  return (
    s > 1 && strides[1] === s && kernel.every((k) => k % s === 0) && dilations.every((d) => d === 1)
  );
}

/** The geometry of the folded convolution: stride 1, and no padding, which `foldImage` has done. */
export function foldStride({ kernel, strides: [s] }: ConvGeometry): ConvGeometry {
  return {
    kernel: [kernel[0] / s, kernel[1] / s],
    strides: [1, 1],
    dilations: [1, 1],
    pads: [0, 0, 0, 0],
  };
}

/** x [N,H,W,I], padded or cut to what the windows cover, as [N, h + k/s − 1, w + k/s − 1, s²·I]. */
export function foldImage(
  graph: Graph,
  x: Value,
  { kernel, strides: [s], pads: [top, left] }: ConvGeometry,
  [h, w]: readonly [height: number, width: number],
): Value {
  const [N, H, W, I] = x.shape as Four;
  const height = (h - 1) * s + kernel[0];
  const width = (w - 1) * s + kernel[1];
  const covered = padOp(graph, x, [
    [0, 0],
    [top, height - top - H],
    [left, width - left - W],
    [0, 0],
  ]);
  const squares = graph.reshape(covered, [(N * height) / s, s, width / s, s * I]);
  return graph.reshape(graph.transpose(squares, [0, 2, 1, 3]), [
    N,
    height / s,
    width / s,
    s * s * I,
  ]);
}

/** The image [N,H,W,I] that `foldImage` has folded: one gather. Pixels that no window covers are 0. */
export function unfoldImage(
  graph: Graph,
  folded: Value,
  { strides: [s], pads: [top, left] }: ConvGeometry,
  [N, H, W, I]: Four,
): Value {
  const [, rows, columns] = folded.shape as Four;
  const covered = padOp(graph, folded, [
    [0, 0],
    [0, Math.max(0, Math.ceil((H + top) / s) - rows)],
    [0, Math.max(0, Math.ceil((W + left) / s) - columns)],
    [0, 0],
  ]);
  const [, h, w] = covered.shape as Four;
  const table = new Int32Array(N * H * W);
  let at = 0;
  for (let n = 0; n < N; n++) {
    for (let y = top; y < top + H; y++) {
      for (let x = left; x < left + W; x++) {
        const square = (n * h + Math.floor(y / s)) * w + Math.floor(x / s);
        table[at++] = square * s * s + (y % s) * s + (x % s);
      }
    }
  }
  const key = `unfold ${[s, top, left, N, H, W, h, w].join()}`;
  const places = graph.constant("int32", [N, H, W], table, key);
  return graph.op("Gather", [graph.reshape(covered, [N * h * w * s * s, I]), places], {
    shape: [N, H, W, I],
    attributes: { axis: { int: 0 } },
  });
}

/** s² images [N,h,w,I], of every s-th pixel from each (row, column) below s on, as one [N, s·h, s·w, I]: one gather. */
export function interleave(graph: Graph, phases: readonly Value[], s: number): Value {
  const [N, h, w, I] = (phases[0] as Value).shape as Four;
  const joined = graph.op("Concat", phases, {
    shape: [s * s * N, h, w, I],
    attributes: { axis: { int: 0 } },
  });
  const table = new Int32Array(N * s * h * s * w);
  let at = 0;
  for (let n = 0; n < N; n++) {
    for (let y = 0; y < s * h; y++) {
      for (let x = 0; x < s * w; x++) {
        const phase = (y % s) * s + (x % s);
        table[at++] = ((phase * N + n) * h + Math.floor(y / s)) * w + Math.floor(x / s);
      }
    }
  }
  const shape = [N, s * h, s * w];
  const places = graph.constant("int32", shape, table, `interleave ${[s, N, h, w].join()}`);
  return graph.op("Gather", [graph.reshape(joined, [s * s * N * h * w, I]), places], {
    shape: [...shape, I],
    attributes: { axis: { int: 0 } },
  });
}

/** A filter [kh,kw,I,O] as [kh/s, kw/s, s²·I, O]. */
export function foldFilter(graph: Graph, filter: Value, s: number): Value {
  const [kh, kw, I, O] = filter.shape as Four;
  const taps = graph.reshape(filter, [kh / s, s, kw / s, s, I * O]);
  return graph.reshape(graph.transpose(taps, [0, 2, 1, 3, 4]), [kh / s, kw / s, s * s * I, O]);
}

/** The way back from what `foldFilter` makes, to [kh,kw,I,O]. */
export function unfoldFilter(graph: Graph, folded: Value, s: number, shape: Four): Value {
  const [kh, kw, I, O] = shape;
  const taps = graph.reshape(folded, [kh / s, kw / s, s, s, I * O]);
  return graph.reshape(graph.transpose(taps, [0, 2, 1, 3, 4]), shape);
}
