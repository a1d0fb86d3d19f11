import { expect, test } from "vitest";
import { leaf } from "../../test/leaf.ts";
import { Graph, type Value } from "../graph.ts";
import { neededNodes } from "../needed.ts";
import { shareRow } from "./shared-row.ts";

/** [x, t, …, t]·W + b, t one row that all have. */
function conditioned(graph: Graph, { rows = 8, own = 2, shared = 3 } = {}): Value {
  const t = graph.op("Tile", [leaf([1, shared]), graph.ints([rows, 1])], {
    shape: [rows, shared],
  });
  const x = graph.op("Concat", [leaf([rows, own]), t], {
    shape: [rows, own + shared],
    attributes: { axis: { int: 1 } },
  });
  return graph.op("MatMul", [x, leaf([own + shared, 5])], { shape: [rows, 5] });
}

const operations = (graph: Graph, outputs: Value[]): string[] =>
  neededNodes(shareRow(graph.nodes, outputs), outputs).map(
    ({ op, inputs, outputs: [made] }) =>
      `${op} ${inputs.map((i) => `[${i.shape}]`)} = [${made!.shape}]`,
  );

test("what all rows have in common is multiplied once, and takes in the bias", () => {
  const graph = new Graph();
  const biased = graph.op("Add", [conditioned(graph), leaf([5])]);
  expect(operations(graph, [biased])).toEqual([
    "Slice [5,5],[1],[1],[1] = [3,5]",
    "MatMul [1,3],[3,5] = [1,5]",
    "Add [1,5],[5] = [1,5]",
    "Slice [5,5],[1],[1],[1] = [2,5]",
    "MatMul [8,2],[2,5] = [8,5]",
    "Add [8,5],[1,5] = [8,5]",
  ]);
});

test("a product that is needed without its bias, too, keeps it apart", () => {
  const graph = new Graph();
  const product = conditioned(graph);
  const biased = graph.op("Add", [product, leaf([5])]);
  expect(operations(graph, [product, biased]).at(-1)).toBe("Add [8,5],[5] = [8,5]");
  expect(operations(graph, [product, biased])).toHaveLength(6);
});

test("rows that differ stay joined", () => {
  const graph = new Graph();
  const joined = graph.op("Concat", [leaf([8, 2]), leaf([8, 3])], {
    shape: [8, 5],
    attributes: { axis: { int: 1 } },
  });
  const product = graph.op("MatMul", [joined, leaf([5, 4])], { shape: [8, 4] });
  expect(shareRow(graph.nodes, [product])).toEqual(graph.nodes);
});
