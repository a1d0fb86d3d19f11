import type { Node, Value } from "../graph.ts";
import { usesOf } from "./uses.ts";

/** Operations that take a bias as their third input; an input gradient is a transposed convolution. */
const biased = new Set(["Conv2D", "Conv2DInputGradient"]);

/**
 * Gives a convolution the bias that is added to its result, where nothing else needs that result: one pass over it less.
 *
 * @param outputs values that must exist in their own right
 */
export function fuseBias(nodes: readonly Node[], outputs: readonly Value[]): Node[] {
  const uses = usesOf(nodes, outputs);

  const makers = new Map<Value, Node>();
  for (const node of nodes) {
    if (node.domain === "gen" && biased.has(node.op)) makers.set(node.outputs[0] as Value, node);
  }
  const replaced = new Map<Node, Node | undefined>();
  for (const node of nodes) {
    if (node.op !== "Add" || node.domain !== "") continue;
    const [a, b] = node.inputs as [Value, Value];
    const [sum, bias] = makers.has(a) ? [a, b] : [b, a];
    const conv = makers.get(sum);
    const channels = sum.shape.at(-1);
    if (!conv || uses.get(sum) !== 1 || bias.shape.length !== 1 || bias.shape[0] !== channels)
      continue;
    replaced.set(conv, undefined);
    replaced.set(node, { ...conv, inputs: [...conv.inputs, bias], outputs: node.outputs });
  }
  return nodes.flatMap((node) => (replaced.has(node) ? (replaced.get(node) ?? []) : node));
}
