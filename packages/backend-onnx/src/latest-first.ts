import type { Node, Value } from "./graph.ts";

/** Chains of up to so many nodes from the inputs are listed first. */
const short = 3;

/**
 * Lists first what is soon made from the inputs: the vector of all parameters, filters in blocks. ONNX Runtime makes the
 * operands of a node from the last listed to the first, so these come last, when they are needed, and do not wait in
 * memory through the whole graph.
 */
export function latestFirst(nodes: readonly Node[]): Node[] {
  const depths = new Map<Value, number>();
  const soon: Node[] = [];
  const rest: Node[] = [];
  for (const node of nodes) {
    const depth = 1 + Math.max(0, ...node.inputs.map((input) => depths.get(input) ?? 0));
    for (const output of node.outputs) depths.set(output, depth);
    (depth <= short ? soon : rest).push(node);
  }
  return [...soon, ...rest];
}
