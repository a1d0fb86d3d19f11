import { expect, test } from "vitest";
import { leaf } from "../test/leaf.ts";
import { Graph, type Node, sizeOf, type Value } from "./graph.ts";
import { latestFirst } from "./latest-first.ts";
import { rematerialize } from "./rematerialize.ts";

const shape = [512, 256];

/**
 * Eight layers x ← tanh(x·x + x) whose squares and sums are used again on the way back. The outputs are of the layers
 * from the last to the first, as gradients of their weights.
 */
function network(): { nodes: Node[]; outputs: Value[] } {
  const graph = new Graph();
  let x = leaf(shape);
  const saved: Value[][] = [];
  for (let layer = 0; layer < 8; layer++) {
    const square = graph.op("Mul", [x, x]);
    const total = graph.reshape(graph.op("Add", [square, x]), [256, 512]);
    saved.push([x, square, total]);
    x = graph.op("Tanh", [graph.reshape(total, shape)]);
  }
  const outputs: Value[] = [];
  let dx = x;
  for (const [from, square, total] of saved.reverse() as [Value, Value, Value][]) {
    dx = graph.op("Mul", [dx, graph.op("Exp", [graph.reshape(total, shape)])]);
    dx = graph.op("Add", [dx, graph.op("Exp", [square])]);
    dx = graph.op("Sub", [dx, graph.op("Exp", [from])]);
    outputs.push(graph.op("Sqrt", [dx], { shape: [1] }));
  }
  return { nodes: graph.nodes, outputs };
}

/** Evaluates in the order of demand, last operand first, as ONNX Runtime does; counts numbers that wait. */
function run(
  nodes: readonly Node[],
  outputs: readonly Value[],
): { results: (string | undefined)[]; peak: number } {
  const maker = new Map<Value, Node>();
  const position = new Map<Value, number>();
  nodes.forEach((node, i) =>
    node.outputs.forEach((value) => (maker.set(value, node), position.set(value, i))),
  );
  const order: Node[] = [];
  const visit = (value: Value): void => {
    const node = maker.get(value);
    if (!node || order.includes(node)) return;
    [...node.inputs]
      .sort((a, b) => (position.get(b) ?? -1) - (position.get(a) ?? -1))
      .forEach(visit);
    order.push(node);
  };
  outputs.forEach(visit);
  const waiting = new Map<Value, number>();
  for (const node of order)
    for (const value of node.inputs) waiting.set(value, (waiting.get(value) ?? 0) + 1);
  const meaning = new Map<Value, string>();
  let [live, peak] = [0, 0];
  for (const { op, inputs, outputs } of order) {
    const of = inputs.map((value) => meaning.get(value) ?? (value.constant ? "" : "x")).join();
    for (const value of outputs) {
      meaning.set(value, op === "Reshape" ? of : hash(`${op}(${of})`));
      live += sizeOf(value.shape);
    }
    peak = Math.max(peak, live);
    for (const value of inputs) {
      const left = (waiting.get(value) as number) - 1;
      waiting.set(value, left);
      if (left === 0 && maker.has(value)) live -= sizeOf(value.shape);
    }
  }
  return { results: outputs.map((value) => meaning.get(value)), peak };
}

function hash(text: string): string {
  let h = 0;
  for (const c of text) h = (Math.imul(h, 31) + c.charCodeAt(0)) | 0;
  return String(h);
}

test("values that cost a pass or two are made again for the way back: the same result in less memory", () => {
  const { nodes, outputs } = network();
  const kept = run(nodes, outputs);
  const again = run(rematerialize(nodes, outputs), outputs);
  expect(again.results).toEqual(kept.results);
  expect(again.peak).toBeLessThan(0.6 * kept.peak);
});

test("nodes stay behind what they read, whatever is listed first", () => {
  const { nodes, outputs } = network();
  const listed = latestFirst(rematerialize(nodes, outputs));
  const made = new Set<Value>();
  for (const { inputs, outputs } of listed) {
    for (const value of inputs) expect(!value.node || made.has(value)).toBe(true);
    for (const value of outputs) made.add(value);
  }
  expect(run(listed, outputs).results).toEqual(run(nodes, outputs).results);
});

test("what is small, or an output, or used soon again is made once", () => {
  const graph = new Graph();
  const x = leaf(shape);
  const near = graph.op("Mul", [x, x]);
  let y = graph.op("Exp", [near]);
  for (let i = 0; i < 20; i++) y = graph.op("Exp", [y]);
  const outputs = [graph.op("Add", [y, near]), near];
  expect(rematerialize(graph.nodes, outputs)).toHaveLength(graph.nodes.length);
});
