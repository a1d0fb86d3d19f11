import type { Node, Value } from "./graph.ts";

/** The nodes that the outputs need, in the order of their recording. */
export function neededNodes(nodes: readonly Node[], outputs: readonly Value[]): Node[] {
  const wanted = new Set<Value>(outputs);
  const needed: Node[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i] as Node;
    if (!node.outputs.some((output) => wanted.has(output))) continue;
    needed.push(node);
    for (const input of node.inputs) wanted.add(input);
  }
  return needed.reverse();
}

/** Values with numbers that the nodes read, constants of the structure apart, in the order of first use. */
export function leavesOf(nodes: readonly Node[]): Value[] {
  const leaves = new Set<Value>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      if (!input.node && input.constant === undefined) {
        if (!input.data) throw new Error(lostMessage);
        leaves.add(input);
      }
    }
  }
  return [...leaves];
}

export const lostMessage =
  "This tensor was made inside a compiled function and is not one of its results: return it from the function";
