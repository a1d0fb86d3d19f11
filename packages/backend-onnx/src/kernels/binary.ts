import { backend_util } from "@tensorflow/tfjs-core";
import type { Graph, Value } from "../graph.ts";
import type { ElementType } from "../onnx/types.ts";
import type { Call, Kernel, Kernels } from "./kernel.ts";

/** Records an operator on two values that broadcast. */
export function binaryOp(graph: Graph, op: string, a: Value, b: Value, type?: ElementType): Value {
  const shape = backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
  return graph.op(op, [a, b], type ? { shape, type } : { shape });
}

/** Records a choice between two values by a condition; all broadcast. */
export function whereOp(graph: Graph, condition: Value, yes: Value, no: Value): Value {
  const shape = [yes, no].reduce<number[]>(
    (s, value) => backend_util.assertAndGetBroadcastShape(s, [...value.shape]),
    [...condition.shape],
  );
  return graph.op("Where", [condition, yes, no], { shape, type: yes.type });
}

/** Booleans count as integers in arithmetic. */
function number(graph: Graph, x: Value): Value {
  return x.type === "bool" ? graph.cast(x, "int32") : x;
}

function operands({ graph, input }: Call): [Value, Value] {
  const a = number(graph, input("a"));
  const b = number(graph, input("b"));
  if (a.type === b.type) return [a, b];
  return [graph.cast(a, "float32"), graph.cast(b, "float32")];
}

function arithmetic(op: string): Kernel {
  return (call) => binaryOp(call.graph, op, ...operands(call));
}

function comparison(op: string): Kernel {
  return (call) => binaryOp(call.graph, op, ...operands(call), "bool");
}

function logical(op: string): Kernel {
  return ({ graph, input }) =>
    binaryOp(graph, op, graph.cast(input("a"), "bool"), graph.cast(input("b"), "bool"), "bool");
}

export const binaryKernels: Kernels = {
  Add: arithmetic("Add"),
  Sub: arithmetic("Sub"),
  Multiply: arithmetic("Mul"),
  RealDiv: ({ graph, input }) =>
    binaryOp(graph, "Div", graph.cast(input("a"), "float32"), graph.cast(input("b"), "float32")),
  Maximum: arithmetic("Max"),
  Minimum: arithmetic("Min"),
  Pow: arithmetic("Pow"),
  Mod: (call) => {
    // The sign of the divisor, as TensorFlow's floorMod: a - b floor(a / b).
    const { graph } = call;
    const [a, b] = operands(call);
    if (a.type === "int32") return binaryOp(graph, "Mod", a, b);
    const quotient = graph.op("Floor", [binaryOp(graph, "Div", a, b)]);
    return binaryOp(graph, "Sub", a, binaryOp(graph, "Mul", b, quotient));
  },
  FloorDiv: (call) => {
    const { graph } = call;
    const [a, b] = operands(call);
    const quotient = binaryOp(graph, "Div", graph.cast(a, "float32"), graph.cast(b, "float32"));
    return graph.cast(graph.op("Floor", [quotient]), "int32");
  },
  SquaredDifference: (call) => {
    const difference = binaryOp(call.graph, "Sub", ...operands(call));
    return call.graph.op("Mul", [difference, difference]);
  },
  Atan2: (call) => {
    // atan(a / b), moved by π where b < 0 to the side of a's sign; ±π/2 where b = 0.
    const { graph } = call;
    const [a, b] = operands(call).map((x) => graph.cast(x, "float32")) as [Value, Value];
    const zero = graph.scalar(0);
    const principal = graph.op("Atan", [binaryOp(graph, "Div", a, b)]);
    const negative = graph.op("Less", [a, zero], { type: "bool" });
    const options = { shape: a.shape, type: "float32" } as const;
    const turn = graph.op(
      "Where",
      [negative, graph.scalar(-Math.PI), graph.scalar(Math.PI)],
      options,
    );
    const behind = graph.op("Less", [b, zero], { type: "bool" });
    const shape = principal.shape;
    const moved = graph.op("Where", [behind, binaryOp(graph, "Add", principal, turn), principal], {
      shape,
      type: "float32",
    });
    const atZero = binaryOp(
      graph,
      "And",
      graph.op("Equal", [a, zero], { type: "bool" }),
      graph.op("Equal", [b, zero], { type: "bool" }),
    );
    return graph.op("Where", [atZero, zero, moved], { shape, type: "float32" });
  },
  Prelu: ({ graph, input }) => {
    const x = graph.cast(input("x"), "float32");
    const below = graph.op("Min", [x, graph.scalar(0)], { shape: x.shape });
    const scaled = binaryOp(graph, "Mul", graph.cast(input("alpha"), "float32"), below);
    return binaryOp(graph, "Add", graph.op("Relu", [x]), scaled);
  },
  EluGrad: ({ graph, input }) => {
    const y = input("y");
    const slope = graph.op("Add", [
      graph.op("Min", [y, graph.scalar(0)], { shape: y.shape }),
      graph.scalar(1),
    ]);
    return graph.op("Mul", [input("dy"), slope]);
  },
  AddN: ({ graph, inputs }) => inputs().reduce((sum, next) => graph.op("Add", [sum, next])),
  BitwiseAnd: (call) => binaryOp(call.graph, "BitwiseAnd", ...operands(call)),
  Equal: comparison("Equal"),
  NotEqual: (call) =>
    call.graph.op("Not", [binaryOp(call.graph, "Equal", ...operands(call), "bool")]),
  Greater: comparison("Greater"),
  GreaterEqual: comparison("GreaterOrEqual"),
  Less: comparison("Less"),
  LessEqual: comparison("LessOrEqual"),
  LogicalAnd: logical("And"),
  LogicalOr: logical("Or"),
  LogicalXor: logical("Xor"),
  Select: ({ graph, input }) => {
    const condition = graph.cast(input("condition"), "bool");
    const t = input("t");
    // A condition of rank 1 chooses whole rows.
    const shape =
      condition.shape.length === 1 && t.shape.length > 1
        ? [...condition.shape, ...t.shape.slice(1).map(() => 1)]
        : condition.shape;
    return graph.op("Where", [graph.reshape(condition, shape), t, input("e")], {
      shape: t.shape,
      type: t.type,
    });
  },
};
