import type { Graph, Value } from "../graph.ts";
import { padOp } from "../kernels/shape.ts";
import { channelsOf, filterOf, type FilterTaps } from "./filter-taps.ts";

type Four = [number, number, number, number];

/**
 * Taps of a filter as the blocked convolution reads them, [O/B, I/B, kh, kw, B (of I), B (of O)], or
 * [O/B, I, kh, kw, B (of O)] where I is smaller than a block; channels are filled up with zeros to whole blocks.
 */
export function blockFilter(graph: Graph, taps: FilterTaps, block: number): Value {
  const whole = (size: number): number => Math.ceil(size / block) * block;
  const [from, to] = channelsOf(taps);
  const [I, O] = [from < block ? from : whole(from), whole(to)];
  const inner = I < block ? 1 : block;
  const { filter, exchanged } = taps;
  const more = [I - from, O - to];
  const [first, second] = (exchanged ? more.toReversed() : more) as [number, number];
  const padded = padOp(graph, filter, [
    [0, 0],
    [0, 0],
    [0, first],
    [0, second],
  ]);
  const form = isFixed(filter) ? byTransposition : byReordering;
  return graph.reshape(form(graph, { ...taps, filter: padded }, inner, block), [
    O,
    I,
    ...taps.kernel,
  ]);
}

/** ONNX Runtime does this once, while it loads a graph, where the filter is a constant; it takes ten times as long. */
function byTransposition(graph: Graph, taps: FilterTaps, inner: number, block: number): Value {
  const [kh, kw] = taps.kernel;
  const [I, O] = channelsOf(taps);
  const split = [kh, kw, I / inner, inner, O / block, block];
  return graph.transpose(graph.reshape(filterOf(graph, taps), split), [4, 2, 0, 1, 3, 5]);
}

/**
 * The operation that puts images into blocks does so with the filter's channels, exchanged or not: [taps, O/B, I, B]. One
 * gather of whole blocks puts the taps into their order.
 */
function byReordering(graph: Graph, taps: FilterTaps, inner: number, block: number): Value {
  const { filter, order, exchanged } = taps;
  const [I, O] = channelsOf(taps);
  const [kh, kw] = filter.shape as Four;
  const count = kh * kw;
  const reordered = graph.op(
    "ReorderInput",
    [graph.reshape(filter, exchanged ? [count, O, I, 1] : [count, I, 1, O])],
    {
      domain: "com.microsoft.nchwc",
      shape: [count, O, I, 1],
      attributes: exchanged ? {} : { channels_last: { int: 1 } },
    },
  );
  const [rows, columns] = [O / block, I / inner];
  const table = new Int32Array(order.length * rows * columns);
  let at = 0;
  for (let o = 0; o < rows; o++) {
    for (let i = 0; i < columns; i++) {
      for (const tap of order) table[at++] = (tap * rows + o) * columns + i;
    }
  }
  const key = `filter blocks ${[rows, columns, ...order].join()}`;
  return graph.op(
    "Gather",
    [
      graph.reshape(reordered, [count * rows * columns, inner * block]),
      graph.constant("int32", [table.length], table, key),
    ],
    { shape: [table.length, inner * block], attributes: { axis: { int: 0 } } },
  );
}

/** Whether a value is a constant, or made of constants alone. */
function isFixed({ node, constant }: Value): boolean {
  return node ? node.inputs.every(isFixed) : constant !== undefined;
}
