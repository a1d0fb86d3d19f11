import { expect, test } from "vitest";
import { leaf } from "../test/leaf.ts";
import { Graph, type Value } from "./graph.ts";
import { stagesOf } from "./stages.ts";

/** Records in a branch. */
function inBranch(graph: Graph, fork: number, index: number, record: () => Value): Value {
  graph.branch = { fork, index };
  const made = record();
  graph.branch = undefined;
  return made;
}

test("stages follow one another, branches side by side, all else as late as it may be", () => {
  const graph = new Graph();
  const [x, w] = [leaf([2]), leaf([2])];
  const before = graph.op("Exp", [x]); // for the branches
  const late = graph.op("Log", [w]); // for the end
  const a = inBranch(graph, 1, 0, () => graph.op("Mul", [before, w]));
  const b = inBranch(graph, 1, 1, () => graph.op("Add", [before, x]));
  const between = graph.op("Sub", [a, b]);
  const c = inBranch(graph, 2, 0, () => graph.op("Neg", [between]));
  const d = inBranch(graph, 2, 1, () => graph.op("Abs", [a]));
  const end = graph.op("Sum", [c, d, late]);
  const stages = stagesOf(graph.nodes, [x, w], [end, b]);
  const described = stages.map((parts) =>
    parts.map(({ nodes, inputs, outputs }) => ({
      ops: nodes.map(({ op }) => op).join(),
      inputs,
      outputs,
    })),
  );
  expect(described).toEqual([
    [{ ops: "Exp", inputs: [x], outputs: [before] }],
    [
      { ops: "Mul", inputs: [before, w], outputs: [a] },
      { ops: "Add", inputs: [before, x], outputs: [b] },
    ],
    [{ ops: "Sub", inputs: [a, b], outputs: [between] }],
    [
      { ops: "Neg", inputs: [between], outputs: [c] },
      { ops: "Abs", inputs: [a], outputs: [d] },
    ],
    [{ ops: "Log,Sum", inputs: [w, c, d], outputs: [end] }],
  ]);
});

test("a branch that needs what its neighbour makes is refused", () => {
  const graph = new Graph();
  const x = leaf([2]);
  const a = inBranch(graph, 1, 0, () => graph.op("Exp", [x]));
  const b = inBranch(graph, 1, 1, () => graph.op("Exp", [a]));
  expect(() => stagesOf(graph.nodes, [x], [b])).toThrow("a branch uses what another branch made");
});
