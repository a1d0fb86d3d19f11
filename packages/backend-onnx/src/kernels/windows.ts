import { type Graph, sizeOf, type Value } from "../graph.ts";
import type { Geometry } from "./geometry.ts";
import { addRows, padOp } from "./shape.ts";

/**
 * For every output position its window of x [batch, ...space, channels]: [batch, positions, taps, channels].
 *
 * @param outside what stands outside of x
 */
export function windowsOf(graph: Graph, x: Value, geometry: Geometry, outside = 0): Value {
  const { before, after } = geometry;
  const padded = padOp(
    graph,
    x,
    [[0, 0], ...before.map((size, i): [number, number] => [size, after[i] as number]), [0, 0]],
    outside,
  );
  const [N, C] = [x.shape[0] as number, x.shape.at(-1) as number];
  const table = windowTable(graph, geometry);
  const points = sizeOf(padded.shape) / (N * C);
  return graph.op("Gather", [graph.reshape(padded, [N, points, C]), table], {
    shape: [N, ...table.shape, C],
    attributes: { axis: { int: 1 } },
  });
}

/** Adds up windows [batch, positions, taps, channels] where they overlap: the transpose of `windowsOf`. */
export function overlapAdd(graph: Graph, windows: Value, geometry: Geometry): Value {
  const [N, , , C] = windows.shape as [number, number, number, number];
  const { space, before, after } = geometry;
  const paddedSpace = paddedSpaceOf(geometry);
  const points = sizeOf(paddedSpace);
  const updates = graph.transpose(windows, [1, 2, 0, 3]);
  const sum = addRows(graph, updates, windowTable(graph, geometry), points, [N, C]);
  const order = graph.transpose(graph.reshape(sum, [...paddedSpace, N, C]), [
    space.length,
    ...space.map((_, i) => i),
    space.length + 1,
  ]);
  return padOp(graph, order, [
    [0, 0],
    ...before.map((size, i): [number, number] => [-size, -(after[i] as number)]),
    [0, 0],
  ]);
}

function paddedSpaceOf({ space, before, after }: Geometry): number[] {
  return space.map((size, i) => size + (before[i] as number) + (after[i] as number));
}

/** Where in the padded input, its spatial axes as one, each tap of each window lies: [positions, taps]. */
function windowTable(graph: Graph, geometry: Geometry): Value {
  const { outSpace, kernel, strides, dilations } = geometry;
  const padded = paddedSpaceOf(geometry);
  const [positions, taps] = [sizeOf(outSpace), sizeOf(kernel)];
  const table = new Int32Array(positions * taps);
  for (let position = 0; position < positions; position++) {
    for (let tap = 0; tap < taps; tap++) {
      let [at, stride, p, t] = [0, 1, position, tap];
      for (let axis = kernel.length - 1; axis >= 0; axis--) {
        const [out, size] = [outSpace[axis] as number, kernel[axis] as number];
        at +=
          stride *
          ((p % out) * (strides[axis] as number) + (t % size) * (dilations[axis] as number));
        stride *= padded[axis] as number;
        p = Math.floor(p / out);
        t = Math.floor(t / size);
      }
      table[position * taps + tap] = at;
    }
  }
  const key = `windows ${[outSpace, kernel, strides, dilations, padded].join(" ")}`;
  return graph.constant("int32", [positions, taps], table, key);
}

/**
 * The transpose of a convolution: of dy [batch, channels, ...outSpace] and weights [channels, inner / groups, ...kernel]
 * the gradient [batch, inner, ...space].
 */
export function transposedConv(
  graph: Graph,
  dy: Value,
  weights: Value,
  geometry: Geometry,
  groups = 1,
): Value {
  const { space, outSpace, kernel, strides, dilations, before } = geometry;
  const after = space.map((size, i) => {
    const windows = ((outSpace[i] as number) - 1) * (strides[i] as number);
    return (
      windows +
      ((kernel[i] as number) - 1) * (dilations[i] as number) +
      1 -
      (before[i] as number) -
      size
    );
  });
  // What no window reached gets zeros.
  const unreached = after.map((size) => Math.max(0, -size));
  const channels = (weights.shape[1] as number) * groups;
  const result = graph.op("ConvTranspose", [dy, weights], {
    shape: [
      dy.shape[0] as number,
      channels,
      ...space.map((size, i) => size - (unreached[i] as number)),
    ],
    attributes: {
      kernel_shape: { ints: kernel },
      strides: { ints: strides },
      dilations: { ints: dilations },
      pads: { ints: [...before, ...after.map((size) => Math.max(0, size))] },
      group: { int: groups },
    },
  });
  return padOp(graph, result, [
    [0, 0],
    [0, 0],
    ...unreached.map((size): [number, number] => [0, size]),
  ]);
}
