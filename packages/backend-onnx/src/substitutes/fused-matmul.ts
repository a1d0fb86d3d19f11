import type { Value } from "../graph.ts";
import type { Substitute } from "./index.ts";

/** ONNX Runtime's product with transposed operands, which its WebGPU provider has not, by ONNX's own operators. */
export const fusedMatMul: Substitute = (graph, [a, b], attributes, [result]) => {
  const flag = (name: string): boolean =>
    (attributes[name] as { int: number } | undefined)?.int === 1;
  const alpha = (attributes["alpha"] as { float: number } | undefined)?.float ?? 1;
  const { shape } = result as { shape: readonly number[] };
  const operands = [a as Value, b as Value];
  if (operands.every((operand) => operand.shape.length === 2)) {
    const { transA, transB } = attributes;
    return [
      graph.op("Gemm", operands, {
        shape,
        attributes: {
          alpha: { float: alpha },
          transA: transA ?? { int: 0 },
          transB: transB ?? { int: 0 },
        },
      }),
    ];
  }
  const turned = (operand: Value): Value => {
    const axes = operand.shape.map((_, axis) => axis);
    return graph.transpose(operand, [...axes.slice(0, -2), ...axes.slice(-2).reverse()]);
  };
  const [x, y] = operands as [Value, Value];
  const product = graph.op(
    "MatMul",
    [flag("transA") ? turned(x) : x, flag("transB") ? turned(y) : y],
    {
      shape,
    },
  );
  return [alpha === 1 ? product : graph.op("Mul", [product, graph.scalar(alpha)], { shape })];
};
