import { type Node, sizeOf, type Value } from "../graph.ts";
import { usesOf } from "./uses.ts";

/** 2√(2/π), and that times 0.044715. */
const linear = 2 * Math.sqrt(2 / Math.PI);
const cubic = linear * 0.044715;

/**
 * Makes one operation of x·sigmoid(x·(cubic·x² + linear)), which is gelu in its tanh form, where nothing else needs what
 * is between. In a training step the gradient needs it, and has it at hand: there all stays as it is.
 *
 * @param outputs values that must exist in their own right
 */
export function fuseGelu(nodes: readonly Node[], outputs: readonly Value[]): Node[] {
  const uses = usesOf(nodes, outputs);
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node])));

  const inner = new Set<Node>();
  /** The operands of the operation that makes a value for one use only. */
  const partsOf = (value: Value | undefined, op: string): readonly Value[] | undefined => {
    const maker = value && makers.get(value);
    if (maker?.op !== op || maker.domain !== "" || uses.get(value as Value) !== 1) return undefined;
    inner.add(maker);
    return maker.inputs;
  };
  const other = (parts: readonly Value[] | undefined, known: Value): Value | undefined => {
    const [a, b] = parts ?? [];
    return a === known ? b : b === known ? a : undefined;
  };
  const besides = (parts: readonly Value[] | undefined, scalar: number): Value | undefined =>
    parts?.[1] && isScalar(parts[1], scalar) ? parts[0] : undefined;

  const dropped = new Set<Node>();
  const fused = new Map<Node, Node>();
  for (const node of nodes) {
    if (node.op !== "Mul" || node.domain !== "") continue;
    for (const x of node.inputs) {
      inner.clear();
      const slope = other(partsOf(partsOf(other(node.inputs, x), "Sigmoid")?.[0], "Mul"), x);
      const square = partsOf(
        besides(partsOf(besides(partsOf(slope, "Add"), linear), "Mul"), cubic),
        "Mul",
      );
      if (square?.[0] !== x || square[1] !== x) continue;
      for (const one of inner) dropped.add(one);
      const attributes = { approximate: { string: "tanh" } };
      fused.set(node, { op: "Gelu", domain: "", inputs: [x], outputs: node.outputs, attributes });
      break;
    }
  }
  return nodes.flatMap((node) => (dropped.has(node) ? [] : (fused.get(node) ?? node)));
}

function isScalar({ constant, data, shape }: Value, expected: number): boolean {
  if (constant === undefined || sizeOf(shape) !== 1) return false;
  const value = (data as Float32Array | undefined)?.[0];
  return value !== undefined && Math.abs(value - expected) < 1e-6 * expected;
}
