import { expect, test } from "vitest";
import { leaf } from "../../test/leaf.ts";
import { Graph, type Value } from "../graph.ts";
import { fuseGelu } from "./fuse-gelu.ts";

const linear = 2 * Math.sqrt(2 / Math.PI);

function recorded(graph: Graph, cubic: number): { x: Value; inner: Value; result: Value } {
  const x = leaf([2, 3]);
  const scaled = graph.op("Mul", [graph.op("Mul", [x, x]), graph.scalar(cubic)]);
  const slope = graph.op("Add", [scaled, graph.scalar(linear)]);
  const inner = graph.op("Sigmoid", [graph.op("Mul", [x, slope])]);
  return { x, inner, result: graph.op("Mul", [x, inner]) };
}

test("gelu in its tanh form is one operation", () => {
  const graph = new Graph();
  const { x, result } = recorded(graph, linear * 0.044715);
  const [only, ...others] = fuseGelu(graph.nodes, [result]);
  expect(others).toEqual([]);
  expect(only).toMatchObject({ op: "Gelu", attributes: { approximate: { string: "tanh" } } });
  expect(only!.inputs).toEqual([x]);
  expect(only!.outputs).toEqual([result]);
});

test("it stays as it is where a gradient needs what is between, and where it is another function", () => {
  const graph = new Graph();
  const { inner, result } = recorded(graph, linear * 0.044715);
  expect(fuseGelu(graph.nodes, [result, inner])).toEqual(graph.nodes);
  const other = new Graph();
  expect(fuseGelu(other.nodes, [recorded(other, 0.05).result])).toEqual(other.nodes);
});
