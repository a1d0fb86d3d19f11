import { backend_util, util } from "@tensorflow/tfjs-core";
import { type Graph, sizeOf, type Value } from "../graph.ts";
import type { Kernel, Kernels } from "./kernel.ts";
import { padOp } from "./shape.ts";

/** Rows are summed in this many parts first where a sum over leading axes would run on one thread. */
const parts = 64;

/** Records a reduction over some axes (none given: all). */
export function reduceOp(
  graph: Graph,
  op: string,
  x: Value,
  axis: number | number[] | undefined | null,
  keepDims = false,
): Value {
  const axes = util.parseAxisParam(axis as number[], [...x.shape]);
  const [outShape] = backend_util.computeOutAndReduceShapes([...x.shape], axes);
  const kept = backend_util.expandShapeToKeepDim(outShape, axes);
  const after = Math.max(...axes, -1) + 1;
  const leading =
    after < x.shape.length &&
    x.shape.slice(0, after).every((size, i) => size === 1 || axes.includes(i));
  const rows = sizeOf(x.shape.slice(0, after));
  let reduced: Value;
  if (
    leading &&
    rows % parts === 0 &&
    rows > parts &&
    (op === "ReduceSum" || op === "ReduceMean")
  ) {
    const columns = sizeOf(outShape);
    const split = graph.reshape(x, [parts, rows / parts, columns]);
    reduced = reduceNode(
      graph,
      op,
      reduceNode(graph, op, split, [1], [parts, columns]),
      [0],
      [columns],
    );
  } else {
    reduced = reduceNode(graph, op, x, axes, outShape);
  }
  return graph.reshape(reduced, keepDims ? kept : outShape);
}

function reduceNode(graph: Graph, op: string, x: Value, axes: number[], shape: number[]): Value {
  if (axes.length === 0) return x;
  return graph.op(op, [x, graph.ints(axes)], { shape, attributes: { keepdims: { int: 0 } } });
}

function reduction(op: string): Kernel {
  return ({ graph, input, attributes: { axis, keepDims } }) => {
    const x = input("x");
    return reduceOp(graph, op, x.type === "bool" ? graph.cast(x, "int32") : x, axis, keepDims);
  };
}

/** All or any: of zeros and ones, the smallest or the largest. */
function quantifier(op: string): Kernel {
  return ({ graph, input, attributes: { axis, keepDims } }) =>
    graph.cast(reduceOp(graph, op, graph.cast(input("x"), "int32"), axis, keepDims), "bool");
}

function argument(op: string): Kernel {
  return ({ graph, input, attributes: { axis } }) => {
    const given = input("x");
    const x = given.type === "bool" ? graph.cast(given, "int32") : given;
    const [along = 0] = util.parseAxisParam(axis, [...x.shape]);
    const found = graph.op(op, [x], {
      shape: x.shape.filter((_, i) => i !== along),
      type: "int64",
      attributes: { axis: { int: along }, keepdims: { int: 0 } },
    });
    return graph.cast(found, "int32");
  };
}

function softmax(op: string, name: string): Kernel {
  return ({ graph, input, attributes: { dim = -1 } }) =>
    graph.op(op, [graph.cast(input(name), "float32")], { attributes: { axis: { int: dim } } });
}

export const reduceKernels: Kernels = {
  Sum: reduction("ReduceSum"),
  Mean: ({ graph, input, attributes: { axis, keepDims } }) =>
    reduceOp(graph, "ReduceMean", graph.cast(input("x"), "float32"), axis, keepDims),
  Max: ({ graph, input, attributes: { reductionIndices, keepDims } }) =>
    reduceOp(graph, "ReduceMax", input("x"), reductionIndices, keepDims),
  Min: reduction("ReduceMin"),
  Prod: reduction("ReduceProd"),
  All: quantifier("ReduceMin"),
  Any: quantifier("ReduceMax"),
  ArgMax: argument("ArgMax"),
  ArgMin: argument("ArgMin"),
  Softmax: softmax("Softmax", "logits"),
  LogSoftmax: softmax("LogSoftmax", "logits"),
  Cumsum: ({ graph, input, attributes: { axis, exclusive, reverse } }) =>
    graph.op("CumSum", [input("x"), graph.scalar(axis, "int64")], {
      attributes: { exclusive: { int: Number(exclusive) }, reverse: { int: Number(reverse) } },
    }),
  Cumprod: ({ graph, input, attributes: { axis, exclusive, reverse } }) => {
    // Products over windows of 1, 2, 4 … elements, in log₂(size) steps.
    const x = input("x");
    const size = x.shape[axis] as number;
    const shifted = (value: Value, by: number): Value =>
      padOp(
        graph,
        value,
        x.shape.map((_, i) => (i !== axis ? [0, 0] : reverse ? [-by, by] : [by, -by])),
        1,
      );
    let product = exclusive ? shifted(x, 1) : x;
    for (let reach = 1; reach < size; reach *= 2) {
      product = graph.op("Mul", [product, shifted(product, reach)]);
    }
    return product;
  },
};
