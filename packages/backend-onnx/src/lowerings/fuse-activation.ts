import type { Node, Value } from "../graph.ts";
import type { Attributes } from "../onnx/types.ts";
import { usesOf } from "./uses.ts";

/** A function of one number that a convolution may end in. */
export type Activation = Pick<Node, "op" | "attributes">;

/**
 * Gives a convolution the relu of its result, leaky or not, where nothing else needs what was before: one pass less.
 *
 * @param outputs values that must exist in their own right
 */
export function fuseActivation(nodes: readonly Node[], outputs: readonly Value[]): Node[] {
  const uses = usesOf(nodes, outputs);

  const makers = new Map<Value, Node>();
  const replaced = new Map<Node, Node | undefined>();
  for (const node of nodes) {
    if (node.domain === "gen" && node.op === "Conv2D") makers.set(node.outputs[0] as Value, node);
    if (node.domain !== "" || (node.op !== "Relu" && node.op !== "LeakyRelu")) continue;
    const [x] = node.inputs as [Value];
    const conv = makers.get(x);
    if (!conv || uses.get(x) !== 1) continue;
    const attributes = { ...conv.attributes, ...node.attributes, activation: { string: node.op } };
    replaced.set(conv, undefined);
    replaced.set(node, { ...conv, attributes, outputs: node.outputs });
  }
  return nodes.flatMap((node) => (replaced.has(node) ? (replaced.get(node) ?? []) : node));
}

/** The activation that `fuseActivation` gave a convolution. */
export function activationOf({ activation, alpha }: Attributes): Activation | undefined {
  if (!activation || !("string" in activation)) return undefined;
  return { op: activation.string, attributes: alpha ? { alpha } : {} };
}
