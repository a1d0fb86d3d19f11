import { type Node, sizeOf, type Value } from "./graph.ts";

/** Operations of one pass over memory, or none. */
const cheap = new Set(["Mul", "Add", "Sub", "Reshape"]);
/** Values of fewer numbers are kept. */
const large = 1 << 16;
/** How many operations may be repeated to have one value again. */
const deepest = 3;

/**
 * Computes again, where they are next used, values that would otherwise wait in memory from the forward pass to the
 * backward: results of one to three cheap operations on values that must wait there anyway (Chen et al. 2016,
 * arXiv:1604.06174, with recomputation only where it costs a pass or two).
 *
 * A repeated node stands beside the original: ONNX Runtime runs a node when what it runs next asks for it.
 */
export function rematerialize(nodes: readonly Node[], outputs: readonly Value[]): Node[] {
  const position = new Map<Node, number>(nodes.map((node, i) => [node, i]));
  const uses = new Map<Value, number[]>();
  nodes.forEach((node, i) => {
    for (const input of node.inputs) {
      const places = uses.get(input);
      if (places) places.push(i);
      else uses.set(input, [i]);
    }
  });
  for (const output of outputs) uses.set(output, [...(uses.get(output) ?? []), Infinity]);
  /** Whether the value itself, not a copy of it, is there at a place, or may be kept until then. */
  const isAt = (value: Value, at: number): boolean =>
    !value.node || sizeOf(value.shape) < large || (uses.get(value)?.at(-1) ?? 0) >= at;
  const far = nodes.length / 8;

  const copies = new Map<Value, Value>();
  const beside = new Map<Node, Node>();
  const moved = new Map<Value, number>();

  const repeatable = (value: Value, at: number, depth: number): boolean =>
    value.node !== undefined &&
    cheap.has(value.node.op) &&
    value.node.domain === "" &&
    depth < deepest &&
    value.node.inputs.every(
      (input) => isAt(input, at) || copies.has(input) || repeatable(input, at, depth + 1),
    );
  const copyOf = (value: Value, at: number): Value => {
    if (isAt(value, at)) return value;
    const known = copies.get(value);
    if (known) return known;
    const node = value.node as Node;
    const outputs: Value[] = [];
    const copy: Node = { ...node, inputs: node.inputs.map((input) => copyOf(input, at)), outputs };
    const result: Value = { ...value, node: copy };
    outputs.push(result);
    beside.set(node, copy);
    copies.set(value, result);
    return result;
  };

  for (const node of nodes) {
    if (!cheap.has(node.op) || node.domain !== "") continue;
    const value = node.outputs[0] as Value;
    const places = uses.get(value);
    if (!places || places.at(-1) === Infinity || sizeOf(value.shape) < large) continue;
    const made = position.get(node) as number;
    const split = places.findIndex((place, i) => place - (places[i - 1] ?? made) > far);
    // Values that only the backward pass uses are not made in the forward pass.
    if (split < 1) continue;
    const at = places[split] as number;
    uses.set(value, places.slice(0, split));
    if (!node.inputs.every((input) => isAt(input, at) || repeatable(input, at, 1))) {
      uses.set(value, places);
      continue;
    }
    copyOf(value, at);
    moved.set(value, at);
  }
  if (moved.size === 0) return [...nodes];

  return nodes.flatMap((node, i) => {
    const inputs = node.inputs.map((input) => {
      const at = moved.get(input);
      return at !== undefined && i >= at ? (copies.get(input) as Value) : input;
    });
    const copy = beside.get(node);
    const same = inputs.every((input, k) => input === node.inputs[k]);
    return [same ? node : { ...node, inputs }, ...(copy ? [copy] : [])];
  });
}
