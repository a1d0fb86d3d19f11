import type { Graph, Value } from "../graph.ts";
import { binaryOp } from "./binary.ts";
import type { Call, Kernels } from "./kernel.ts";

/** Sums over channels at most `radius` apart: x [..., C] times a band of ones. */
function neighbours(graph: Graph, x: Value, radius: number): Value {
  const C = x.shape.at(-1) as number;
  const band = Float32Array.from({ length: C * C }, (_, i) =>
    Number(Math.abs(Math.floor(i / C) - (i % C)) <= radius),
  );
  return graph.op("MatMul", [x, graph.constant("float32", [C, C], band, `band ${C} ${radius}`)]);
}

/** bias + alpha · (squares of the neighbours): what local response normalization divides by, to the power of beta. */
function responses({ graph, input, attributes: { depthRadius, bias, alpha } }: Call): Value {
  const x = input("x");
  const squares = neighbours(graph, graph.op("Mul", [x, x]), depthRadius);
  return graph.op("Add", [graph.op("Mul", [squares, graph.scalar(alpha)]), graph.scalar(bias)]);
}

export const normalizationKernels: Kernels = {
  FusedBatchNorm: ({ graph, input, tensor, attributes: { varianceEpsilon } }) => {
    const op = (name: string, a: Value, b: Value): Value => binaryOp(graph, name, a, b);
    const deviation = graph.op("Sqrt", [
      op("Add", input("variance"), graph.scalar(varianceEpsilon)),
    ]);
    const normalized = op("Div", op("Sub", input("x"), input("mean")), deviation);
    const scaled = tensor("scale") ? op("Mul", normalized, input("scale")) : normalized;
    return tensor("offset") ? op("Add", scaled, input("offset")) : scaled;
  },
  LRN: (call) => {
    const { graph, input, attributes } = call;
    const power = graph.op("Pow", [responses(call), graph.scalar(-attributes.beta)]);
    return graph.op("Mul", [input("x"), power]);
  },
  LRNGrad: (call) => {
    // y = x n^-β with n = bias + α Σ x²: dx = dy n^-β - 2αβ x Σ (dy y / n) over the neighbours.
    const { graph, input, attributes } = call;
    const { depthRadius, alpha, beta } = attributes;
    const [x, y, dy] = [input("x"), input("y"), input("dy")];
    const n = responses(call);
    const direct = graph.op("Mul", [dy, graph.op("Pow", [n, graph.scalar(-beta)])]);
    const shared = neighbours(graph, graph.op("Div", [graph.op("Mul", [dy, y]), n]), depthRadius);
    const through = graph.op("Mul", [graph.op("Mul", [x, shared]), graph.scalar(2 * alpha * beta)]);
    return graph.op("Sub", [direct, through]);
  },
};
