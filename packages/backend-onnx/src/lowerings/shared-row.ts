import { Graph, type Node, type Value } from "../graph.ts";

/**
 * Multiplies what all rows of a product's first operand have in common, the time of a batch of points, say, once and not
 * row by row: [x, t, …, t]·W + b is x·W₁ + (t·W₂ + b), and nothing is tiled or joined.
 */
export function shareRow(nodes: readonly Node[], outputs: readonly Value[]): Node[] {
  const makers = new Map<Value, Node>();
  const users = new Map<Value, Node[]>();
  for (const node of nodes) {
    for (const output of node.outputs) makers.set(output, node);
    for (const input of node.inputs) users.set(input, [...(users.get(input) ?? []), node]);
  }
  const wanted = new Set(outputs);
  /** The maker of a value, if it is this operation of ONNX. */
  const made = (value: Value | undefined, op: string): Node | undefined => {
    const maker = value && makers.get(value);
    return maker?.op === op && maker.domain === "" ? maker : undefined;
  };
  /** The row that a matrix repeats. */
  const rowOf = (value: Value): Value | undefined => {
    const row = made(value, "Tile")?.inputs[0];
    return row?.shape.length === 2 && row.shape[0] === 1 && row.shape[1] === value.shape[1]
      ? row
      : undefined;
  };

  const replaced = new Map<Node, readonly Node[]>();
  for (const node of nodes) {
    if (node.op !== "MatMul" || node.domain !== "") continue;
    const [joined, weight] = node.inputs as [Value, Value];
    const parts = made(joined, "Concat")?.inputs;
    const [x, last] = parts ?? [];
    const row = last && rowOf(last);
    if (parts?.length !== 2 || !x || !row || joined.shape.length !== 2) continue;
    if (weight.shape.length !== 2 || x.shape[0] !== joined.shape[0]) continue;
    const [product] = node.outputs as [Value];
    const [user, ...others] = users.get(product) ?? [];
    const added =
      user?.op === "Add" && user.domain === "" && others.length === 0 && !wanted.has(product)
        ? user.inputs.find((input) => input !== product && input.shape.length === 1)
        : undefined;
    const sum = added ? (user as Node) : node;

    const graph = new Graph();
    const [rows, width] = x.shape as [number, number];
    const columns = weight.shape[1] as number;
    const rowsOf = (from: number, to: number): Value =>
      graph.op("Slice", [weight, graph.ints([from]), graph.ints([to]), graph.ints([0])], {
        shape: [to - from, columns],
      });
    const once = graph.op("MatMul", [row, rowsOf(width, weight.shape[0] as number)], {
      shape: [1, columns],
    });
    const shared = added ? graph.op("Add", [once, added]) : once;
    const own = graph.op("MatMul", [x, rowsOf(0, width)], { shape: [rows, columns] });
    if (added) replaced.set(node, []);
    replaced.set(sum, [...graph.nodes, { ...sum, op: "Add", inputs: [own, shared] }]);
  }
  return nodes.flatMap((node) => replaced.get(node) ?? node);
}
