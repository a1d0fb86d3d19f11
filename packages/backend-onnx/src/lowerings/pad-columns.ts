import type { Graph, Value } from "../graph.ts";
import { padOp } from "../kernels/shape.ts";
import type { ConvGeometry } from "./conv-geometry.ts";

type Four = [number, number, number, number];

/*
 * ONNX Runtime's blocked convolution computes six columns of a row of its result at once, of what is left three, two or
 * one, and one by one those whose windows reach over the edge of the image. Each time it reads its part of the filter,
 * which takes as long as two and a half columns do where that part has no room in the processor's nearest cache.
 */

/** Bytes of that part, from which on an edge costs more than its zeros. */
const large = 48 * 1024;

/** What the convolution may take at the most with zeros around it, as a part of what it takes without: they are a copy. */
const worthwhile = 0.85;

/** What a column of the result costs at the least, where it is computed alone. */
const alone = 2.5;

/** An image with zeros to the left and to the right where they are faster than the convolution's own padding. */
export interface PaddedColumns {
  image: Value;
  /** That of the convolution of `image`. */
  geometry: ConvGeometry;
  /** A pixel of `image` that is zero, if there is one. */
  zeros?: number | undefined;
}

/** Pads the columns of x [N,H,W,I] for a blocked convolution to [N,h,w,O]. */
export function padColumns(
  graph: Graph,
  x: Value,
  geometry: ConvGeometry,
  [, , width, O]: Four,
  block: number,
): PaddedColumns {
  const { kernel, strides, pads } = geometry;
  const [top, left, bottom, right] = pads;
  const part = kernel[0] * kernel[1] * block * Math.min(O, 4 * block) * 4;
  if (x.shape[3]! < block || part < large || left < 0 || right < 0) return { image: x, geometry };
  const cost = (before: number, after: number): number => {
    const edges = Math.ceil((left - before) / strides[1]) + Math.ceil((right - after) / strides[1]);
    const reached = 1 - 1 / kernel[1]; // most of a window at the edge is inside
    return edges * alone * reached + costOfColumns(Math.max(0, width - edges));
  };
  const choices = [
    [0, 0],
    [left, 0],
    [left, right],
  ] as const;
  const costs = choices.map(([before, after]) => cost(before, after));
  const least = Math.min(...costs);
  const [before, after] = choices[least < worthwhile * costs[0]! ? costs.indexOf(least) : 0]!;
  const image = padOp(graph, x, [
    [0, 0],
    [0, 0],
    [before, after],
    [0, 0],
  ]);
  return {
    image,
    geometry: { ...geometry, pads: [top, left - before, bottom, right - after] },
    zeros: before > 0 ? 0 : undefined,
  };
}

/** What so many columns inside an image cost. */
function costOfColumns(count: number): number {
  const rest = [[], [1], [2], [3], [3, 1], [3, 2]][count % 6]!;
  return count - (count % 6) + rest.reduce((sum, columns) => sum + Math.max(columns, alone), 0);
}
