import { backend_util } from "@tensorflow/tfjs-core";
import type { Graph, Value } from "../graph.ts";
import { binaryOp } from "./binary.ts";
import type { Kernels } from "./kernel.ts";

/** Records a product of matrices, or of batches of them that broadcast. */
export function matMulOp(
  graph: Graph,
  a: Value,
  b: Value,
  transposeA = false,
  transposeB = false,
): Value {
  const batch = backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const rows = a.shape.at(transposeA ? -1 : -2) as number;
  const columns = b.shape.at(transposeB ? -2 : -1) as number;
  const shape = [...batch, rows, columns];
  const inner = [a.shape.at(transposeA ? -2 : -1), b.shape.at(transposeB ? -1 : -2)];
  if (Math.min(a.shape.length, b.shape.length) < 2 || inner[0] !== inner[1]) {
    throw new Error(
      `matMul: cannot multiply [${a.shape}]${transposeA ? " transposed" : ""} by [${b.shape}]${transposeB ? " transposed" : ""}: ` +
        "both must be matrices or batches of them, with as many columns in the first as rows in the second",
    );
  }
  if (!transposeA && !transposeB) return graph.op("MatMul", [a, b], { shape });
  return graph.op("FusedMatMul", [a, b], {
    shape,
    domain: "com.microsoft",
    attributes: { transA: { int: Number(transposeA) }, transB: { int: Number(transposeB) } },
  });
}

/** The activations that TensorFlow.js fuses into products and convolutions. */
export function activate(
  graph: Graph,
  x: Value,
  activation: string | undefined,
  weights: Value | undefined,
  alpha?: number,
): Value {
  switch (activation) {
    case undefined:
    case null:
    case "linear":
      return x;
    case "relu":
      return graph.op("Relu", [x]);
    case "relu6":
      return graph.op("Clip", [x, graph.scalar(0), graph.scalar(6)]);
    case "elu":
      return graph.op("Elu", [x]);
    case "sigmoid":
      return graph.op("Sigmoid", [x]);
    case "leakyrelu":
      return graph.op("LeakyRelu", [x], { attributes: { alpha: { float: alpha ?? 0.2 } } });
    case "prelu":
      return binaryOp(
        graph,
        "Add",
        graph.op("Relu", [x]),
        binaryOp(
          graph,
          "Mul",
          weights as Value,
          graph.op("Min", [x, graph.scalar(0)], { shape: x.shape }),
        ),
      );
    default:
      throw new Error(`The onnx backend knows no fused activation "${activation}"`);
  }
}

export const matMulKernels: Kernels = {
  BatchMatMul: ({ graph, input, attributes: { transposeA, transposeB } }) =>
    matMulOp(graph, input("a"), input("b"), transposeA, transposeB),
  _FusedMatMul: ({
    graph,
    input,
    tensor,
    attributes: { transposeA, transposeB, activation, leakyreluAlpha },
  }) => {
    const product = matMulOp(graph, input("a"), input("b"), transposeA, transposeB);
    const biased = tensor("bias") ? binaryOp(graph, "Add", product, input("bias")) : product;
    const weights = tensor("preluActivationWeights") ? input("preluActivationWeights") : undefined;
    return activate(graph, biased, activation, weights, leakyreluAlpha);
  },
  Einsum: ({ graph, inputs, attributes: { equation } }) => {
    const operands = inputs();
    const { allDims, summedDims, idDims } = backend_util.decodeEinsumEquation(
      equation,
      operands.length,
    );
    backend_util.checkEinsumDimSizes(allDims.length, idDims, operands as never);
    const sizes: number[] = [];
    idDims.forEach((dims, i) =>
      dims.forEach((dim, axis) => (sizes[dim] = operands[i]?.shape[axis] as number)),
    );
    const kept = allDims.length - summedDims.length;
    return graph.op("Einsum", operands, {
      shape: sizes.slice(0, kept),
      attributes: { equation: { string: equation } },
    });
  },
};
