import { randomUniform } from "@tensorflow/tfjs-core";
import { type Graph, sizeOf, type Value } from "../graph.ts";
import { binaryOp } from "./binary.ts";
import type { Call, Kernels } from "./kernel.ts";
import { reduceOp } from "./reduce.ts";
import { filled, sliceOp } from "./shape.ts";

/** How often each number below `size` is in each row of x [rows, count], or the sum of its weights: [rows, size]. */
function countRows({ graph, input, attributes }: Call, rows: number): Value {
  const { size, binaryOutput = false } = attributes;
  const x = input("x");
  const weights = input("weights");
  const count = sizeOf(x.shape) / rows;
  const weighted = sizeOf(weights.shape) > 0 && !binaryOutput;
  // Numbers beyond the size fall into a bin of their own, which is cut off.
  const bins = size + 1;
  const numbers = graph.op("Min", [
    graph.reshape(graph.cast(x, "int32"), [rows, count]),
    graph.scalar(size, "int32"),
  ]);
  const starts = Int32Array.from({ length: rows }, (_, row) => row * bins);
  const offsets = graph.constant("int32", [rows, 1], starts, `bins ${rows} ${bins}`);
  const positions = graph.reshape(binaryOp(graph, "Add", numbers, offsets), [rows * count]);
  const zeros = filled(graph, [rows * bins], "float32", 0);
  const ones = filled(graph, [rows * count], "float32", 1);
  const amounts = weighted ? graph.reshape(graph.cast(weights, "float32"), [rows * count]) : ones;
  const sums = graph.op("ScatterElements", [zeros, positions, amounts], {
    attributes: { axis: { int: 0 }, reduction: { string: binaryOutput ? "none" : "add" } },
  });
  const counts = sliceOp(graph, graph.reshape(sums, [rows, bins]), [0, 0], [rows, size]);
  return graph.cast(counts, weights.type);
}

/** For each value the number of elements in its row of the sequence that `comparison` finds: [rows, values]. */
function countWhere(graph: Graph, comparison: string, sequence: Value, values: Value): Value {
  const [rows, length] = sequence.shape as [number, number];
  const count = values.shape[1] as number;
  const found = binaryOp(
    graph,
    comparison,
    graph.reshape(sequence, [rows, 1, length]),
    graph.reshape(values, [rows, count, 1]),
    "bool",
  );
  return reduceOp(graph, "ReduceSum", graph.cast(found, "int32"), 2);
}

export const countingKernels: Kernels = {
  Bincount: (call) => call.graph.reshape(countRows(call, 1), [call.attributes.size]),
  DenseBincount: (call) => {
    const [rows, ...rest] = call.tensor("x").shape as [number, ...number[]];
    return rest.length > 0
      ? countRows(call, rows)
      : call.graph.reshape(countRows(call, 1), [call.attributes.size]);
  },
  SearchSorted: ({ graph, input, attributes: { side } }) => {
    const comparison = side === "left" ? "Less" : "LessOrEqual";
    const [sequence, values] = [input("sortedSequence"), input("values")];
    if (sequence.type === values.type) return countWhere(graph, comparison, sequence, values);
    return countWhere(
      graph,
      comparison,
      graph.cast(sequence, "float32"),
      graph.cast(values, "float32"),
    );
  },
  Multinomial: ({ graph, backend, input, attributes: { numSamples, seed, normalized } }) => {
    // The outcome of a uniform number u: how many cumulative probabilities lie below it.
    const logits = input("logits");
    const [rows, outcomes] = logits.shape as [number, number];
    const softmax = graph.op("Softmax", [logits], { attributes: { axis: { int: -1 } } });
    const cumulative = graph.op("CumSum", [
      normalized ? logits : softmax,
      graph.scalar(1, "int64"),
    ]);
    const uniform = randomUniform([rows, numSamples], 0, 1, "float32", seed);
    const below = countWhere(graph, "LessOrEqual", cumulative, backend.value(uniform));
    uniform.dispose();
    return graph.op("Min", [below, graph.scalar(outcomes - 1, "int32")]);
  },
};
