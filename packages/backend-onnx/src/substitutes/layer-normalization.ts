import type { Value } from "../graph.ts";
import type { Substitute } from "./index.ts";

/** Layer normalisation over the last axis by operators of one step each. */
export const layerNormalization: Substitute = (graph, [x, weight, bias], attributes, [, each]) => {
  const { float: epsilon } = attributes["epsilon"] as { float: number };
  const mean = (of: Value): Value =>
    graph.op("ReduceMean", [of, graph.ints([-1])], { shape: each!.shape });
  const center = mean(x as Value);
  const deviation = graph.op("Sub", [x as Value, center]);
  const variance = mean(graph.op("Mul", [deviation, deviation]));
  const root = graph.op("Sqrt", [graph.op("Add", [variance, graph.scalar(epsilon)])]);
  const inverse = graph.op("Reciprocal", [root]);
  const scaled = graph.op("Mul", [graph.op("Mul", [deviation, inverse]), weight as Value]);
  return [bias ? graph.op("Add", [scaled, bias]) : scaled, center, inverse];
};
