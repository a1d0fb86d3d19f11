import type { Node, Value } from "../graph.ts";

/** What a step is a clipped product with: see the kernel `Step`. */
const steep = 1e38;

/**
 * Lets the slope of a relu, leaky or not, be read from its result, which has the sign of what it was made of: the next
 * layer's gradient needs the result anyway, and nothing but the slope what was before it.
 */
export function slopeOfResult(nodes: readonly Node[]): Node[] {
  const results = new Map<Value, Value>();
  return nodes.map((node) => {
    const [x, factor] = node.inputs;
    if (node.domain !== "" || !x) return node;
    const [output] = node.outputs as [Value];
    const alpha = node.attributes["alpha"];
    const leaky = node.op === "LeakyRelu" && alpha && "float" in alpha && alpha.float > 0;
    if (node.op === "Relu" || leaky) results.set(x, output);
    const result = results.get(x);
    if (node.op !== "Mul" || !result || !factor?.constant || factor.shape.length > 0) return node;
    return Number(factor.constant) >= steep ? { ...node, inputs: [result, factor] } : node;
  });
}
