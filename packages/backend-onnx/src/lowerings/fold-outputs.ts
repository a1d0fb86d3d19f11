import type { Graph, Value } from "../graph.ts";
import { padOp } from "../kernels/shape.ts";
import type { ConvGeometry } from "./conv-geometry.ts";

type Four = [number, number, number, number];

/*
 * A blocked convolution computes a block of channels, 16 with AVX-512, even for one: an image of few channels. Squares of
 * s×s of its pixels can be the channels instead: the convolution then has stride s and a kernel larger by s − 1, most of whose
 * taps are 0 for each of the pixels, and does a quarter of the work for one channel.
 */

/** The side of the squares for an image [height, width] of so many channels; 1: it stays as it is. */
export function squareSide(
  channels: number,
  block: number,
  { kernel, strides, dilations }: ConvGeometry,
  image: readonly [height: number, width: number],
): number {
  const plain = [...strides, ...dilations].every((n) => n === 1) && kernel.some((k) => k > 1);
  const side = [4, 2].find(
    (s) => s * s * channels <= block && image.every((size) => size % s === 0),
  );
  return (plain && side) || 1;
}

/** The geometry of the convolution whose channels are squares. */
export function squareGeometry(geometry: ConvGeometry, s: number): ConvGeometry {
  const [kh, kw] = geometry.kernel;
  return { ...geometry, kernel: [kh + s - 1, kw + s - 1], strides: [s, s] };
}

/** A filter [kh,kw,I,O] as [kh+s−1, kw+s−1, I, s²·O]: moved by each place in a square, with zeros around it. */
export function squareFilter(graph: Graph, filter: Value, s: number): Value {
  const [kh, kw, I, O] = filter.shape as Four;
  const [height, width] = [kh + s - 1, kw + s - 1];
  const taps = padOp(graph, graph.reshape(filter, [kh * kw, I * O]), [
    [0, 1], // a row of zeros
    [0, 0],
  ]);
  const table = new Int32Array(height * width * s * s);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let down = 0; down < s; down++) {
        for (let right = 0; right < s; right++) {
          const [i, j] = [y - down, x - right];
          const inside = i >= 0 && i < kh && j >= 0 && j < kw;
          table[at++] = inside ? i * kw + j : kh * kw;
        }
      }
    }
  }
  const key = `square filter ${[kh, kw, s].join()}`;
  const places = graph.constant("int32", [height * width, s * s], table, key);
  const gathered = graph.op("Gather", [taps, places], {
    shape: [height * width, s * s, I * O],
    attributes: { axis: { int: 0 } },
  });
  const moved = graph.transpose(
    graph.reshape(gathered, [height * width, s * s, I, O]),
    [0, 2, 1, 3],
  );
  return graph.reshape(moved, [height, width, I, s * s * O]);
}

/** An image [N, H/s, W/s, s²·O] of squares as [N,H,W,O]. */
export function fromSquares(graph: Graph, squares: Value, s: number, [N, H, W, O]: Four): Value {
  const split = graph.reshape(squares, [N, H / s, W / s, s, s * O]);
  return graph.reshape(graph.transpose(split, [0, 1, 3, 2, 4]), [N, H, W, O]);
}
