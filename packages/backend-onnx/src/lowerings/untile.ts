import { type Node, sameShape, type Value } from "../graph.ts";

/** Operations whose inputs broadcast. */
const broadcasting = new Set([
  ..."Add Sub Mul Div Pow Max Min PRelu Mod Where Equal Less Greater LessOrEqual".split(" "),
  ..."GreaterOrEqual And Or Xor BitwiseAnd".split(" "),
]);

/**
 * Lets operations read what was tiled only to have the shape of their other inputs: they broadcast it themselves, and
 * the copies are not made. TensorFlow.js tiles in `where` and in the gradients of sums.
 */
export function untile(nodes: readonly Node[]): Node[] {
  const sources = new Map<Value, Value>();
  for (const { op, domain, inputs, outputs } of nodes) {
    const [source] = inputs;
    const [tiled] = outputs;
    if (op !== "Tile" || domain !== "" || !source || !tiled) continue;
    const broadcast = source.shape.every((size, i) => size === 1 || size === tiled.shape[i]);
    if (broadcast) sources.set(tiled, source);
  }
  if (sources.size === 0) return [...nodes];
  return nodes.map((node) => {
    const { op, domain, inputs, outputs } = node;
    if (domain !== "" || !broadcasting.has(op) || !inputs.some((input) => sources.has(input)))
      return node;
    const shape = (outputs[0] as Value).shape;
    const read = [...inputs];
    inputs.forEach((input, i) => {
      const source = sources.get(input);
      if (!source) return;
      read[i] = source;
      if (!sameShape(broadcastShape(read), shape)) read[i] = input;
    });
    return { ...node, inputs: read };
  });
}

function broadcastShape(values: readonly Value[]): number[] {
  const rank = Math.max(...values.map(({ shape }) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = values.map(({ shape }) => shape[shape.length - rank + i] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}
