import type { Graph, Value } from "../graph.ts";

type Four = [number, number, number, number];

/**
 * A filter [kh,kw,I,O] as the blocked convolution reads it, [O/B, I/B, kh, kw, B (of I), B (of O)], or
 * [O/B, I, kh, kw, B (of O)] where I is smaller than a block. One gather of rows of B numbers: ONNX Runtime transposes
 * so many axes on one thread, ten times slower.
 *
 * @param filter its channels fill whole blocks
 * @param turned take the taps in reverse order
 */
export function blockFilter(graph: Graph, filter: Value, block: number, turned: boolean): Value {
  const [kh, kw, I, O] = filter.shape as Four;
  const taps = kh * kw;
  const inner = I < block ? 1 : block;
  const rows = O / block;
  const table = new Int32Array(taps * I * rows);
  let at = 0;
  for (let o = 0; o < rows; o++) {
    for (let i = 0; i < I; i += inner) {
      for (let tap = 0; tap < taps; tap++) {
        const from = turned ? taps - 1 - tap : tap;
        for (let within = 0; within < inner; within++) {
          table[at++] = (from * I + i + within) * rows + o;
        }
      }
    }
  }
  const key = `filter blocks ${[kh, kw, I, O, block, turned].join()}`;
  const gathered = graph.op(
    "Gather",
    [
      graph.reshape(filter, [taps * I * rows, block]),
      graph.constant("int32", [table.length], table, key),
    ],
    { shape: [table.length, block], attributes: { axis: { int: 0 } } },
  );
  return graph.reshape(gathered, [O, I, kh, kw]);
}

/** The taps of [taps, …] in reverse order: the filter turned by 180°. */
export function reverseTaps(graph: Graph, taps: Value): Value {
  const count = taps.shape[0] as number;
  if (count === 1) return taps;
  const order = Int32Array.from({ length: count }, (_, i) => count - 1 - i);
  const indices = graph.constant("int32", [count], order, `reversed ${count}`);
  return graph.op("Gather", [taps, indices], { attributes: { axis: { int: 0 } } });
}
