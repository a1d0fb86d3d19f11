import { expect, test } from "vitest";
import { leaf } from "../../test/leaf.ts";
import { Graph } from "../graph.ts";
import { slopeOfResult } from "./slope-of-result.ts";

/** The operand of a product with a factor, beside an operation on the same values. */
function read(op: string, alpha: number | undefined, factor: number): "result" | "operand" {
  const graph = new Graph();
  const x = leaf([4]);
  const result = graph.op(op, [x], {
    attributes: alpha === undefined ? {} : { alpha: { float: alpha } },
  });
  graph.op("Mul", [x, graph.scalar(factor)]);
  const [, product] = slopeOfResult(graph.nodes);
  return product!.inputs[0] === result ? "result" : "operand";
}

test("the slope of a relu is read from its result", () => {
  expect(read("Relu", undefined, 3e38)).toBe("result");
  expect(read("LeakyRelu", 0.2, 3e38)).toBe("result");
});

test("a relu that turns signs, another function and another product keep their operand", () => {
  expect(read("LeakyRelu", -0.2, 3e38)).toBe("operand");
  expect(read("Tanh", undefined, 3e38)).toBe("operand");
  expect(read("Relu", undefined, 2)).toBe("operand");
});
