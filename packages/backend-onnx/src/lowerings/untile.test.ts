import { expect, test } from "vitest";
import { leaf } from "../../test/leaf.ts";
import { Graph, type Value } from "../graph.ts";
import { untile } from "./untile.ts";

function tile(graph: Graph, source: Value, shape: number[]): Value {
  const repeats = shape.map((size, i) => size / (source.shape[i] as number));
  return graph.op("Tile", [source, graph.ints(repeats)], { shape });
}

test("a tile along axes of size 1 is left to the operation, unless nothing else has the whole shape", () => {
  const graph = new Graph();
  const [row, column, whole] = [leaf([1, 4]), leaf([3, 1]), leaf([3, 4])];
  const [rows, columns] = [tile(graph, row, [3, 4]), tile(graph, column, [3, 4])];
  graph.op("Mul", [whole, rows]);
  graph.op("Add", [rows, columns]);
  graph.op("Where", [rows, rows, columns]);
  graph.op("Sub", [rows, rows]);
  graph.op("Exp", [rows]);
  const read = untile(graph.nodes)
    .slice(2)
    .map(({ inputs }) => inputs);
  expect(read).toEqual([[whole, row], [row, column], [row, row, column], [row, rows], [rows]]);
});

test("a tile that repeats more than one number stays", () => {
  const graph = new Graph();
  const twice = tile(graph, leaf([2, 4]), [4, 4]);
  graph.op("Mul", [leaf([4, 4]), twice]);
  expect(untile(graph.nodes)).toEqual(graph.nodes);
});
