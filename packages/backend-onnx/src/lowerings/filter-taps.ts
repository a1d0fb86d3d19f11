import type { Graph, Value } from "../graph.ts";

type Four = [number, number, number, number];

/** A filter that is made of some taps of another one [kh,kw,I,O]. */
export interface FilterTaps {
  readonly filter: Value;
  /** Height and width of the one made. */
  readonly kernel: readonly [height: number, width: number];
  /** Which taps, row by row of `kernel`. */
  readonly order: readonly number[];
  /** Takes O channels to I. */
  readonly exchanged: boolean;
}

/** The filter itself. */
export function allTaps(filter: Value): FilterTaps {
  const [kh, kw] = filter.shape as Four;
  const order = Array.from({ length: kh * kw }, (_, i) => i);
  return { filter, kernel: [kh, kw], order, exchanged: false };
}

/** Every s-th tap from (row, column) on. */
export function everyTap(filter: Value, s: number, row: number, column: number): FilterTaps {
  const [kh, kw] = filter.shape as Four;
  const [height, width] = [kh / s, kw / s];
  const order = Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width) * s + row, (i % width) * s + column];
    return y * kw + x;
  });
  return { filter, kernel: [height, width], order, exchanged: false };
}

/** The filter turned by 180°, its channels exchanged: that of the input gradient. */
export function turned(taps: FilterTaps): FilterTaps {
  return { ...taps, order: taps.order.toReversed(), exchanged: !taps.exchanged };
}

/** Channels in and out. */
export function channelsOf({ filter, exchanged }: FilterTaps): [I: number, O: number] {
  const [, , I, O] = filter.shape as Four;
  return exchanged ? [O, I] : [I, O];
}

/** The filter [kh,kw,I,O] that the taps make. */
export function filterOf(graph: Graph, taps: FilterTaps): Value {
  const { filter, kernel, order, exchanged } = taps;
  const [kh, kw, I, O] = filter.shape as Four;
  const rows = graph.reshape(filter, [kh * kw, I, O]);
  const same = order.length === kh * kw && order.every((tap, i) => tap === i);
  const chosen = same ? rows : gatherTaps(graph, rows, order);
  const made = exchanged ? graph.transpose(chosen, [0, 2, 1]) : chosen;
  return graph.reshape(made, [...kernel, ...channelsOf(taps)]);
}

/** The taps of [taps, …] in reverse order. */
export function reverseTaps(graph: Graph, taps: Value): Value {
  const count = taps.shape[0] as number;
  if (count === 1) return taps;
  return gatherTaps(
    graph,
    taps,
    Array.from({ length: count }, (_, i) => count - 1 - i),
  );
}

function gatherTaps(graph: Graph, taps: Value, order: readonly number[]): Value {
  const key = `taps ${order.join()}`;
  const indices = graph.constant("int32", [order.length], Int32Array.from(order), key);
  return graph.op("Gather", [taps, indices], {
    shape: [order.length, ...taps.shape.slice(1)],
    attributes: { axis: { int: 0 } },
  });
}
