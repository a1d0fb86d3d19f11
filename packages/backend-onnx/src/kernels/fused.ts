import type { Provider } from "../lowerings/lowering-graph.ts";
import type { Kernels } from "./kernel.ts";

/** Who has as one operation, all its results with it, what others do by several. */
export const fusedOn: Readonly<Record<string, readonly Provider[]>> = {
  Gelu: ["cpu", "wasm", "cuda", "standard"],
  LayerNormalization: ["cpu", "wasm", "cuda", "standard"],
};

/** Chains of operations that ONNX has as one: kernels of ours, which TensorFlow.js does not know. */
export const fusedKernels: Kernels = {
  /** x, and maybe weight and bias [features]: normalised over the last axis; and 1 / its standard deviation. */
  LayerNormalization: ({ graph, input, tensor, attributes: { epsilon } }) => {
    const x = input("x");
    // ONNX Runtime takes the variance for the mean of squares less the squared mean, which is lost in rounding where the
    // mean is far from 0; so it is given deviations.
    const each = [...x.shape.slice(0, -1), 1];
    const mean = graph.op("ReduceMean", [x, graph.ints([-1])], { shape: each });
    const deviation = graph.op("Sub", [x, mean]);
    const features = x.shape.at(-1) as number;
    const weight = tensor("weight")
      ? input("weight")
      : graph.constant("float32", [features], new Float32Array(features).fill(1), "ones");
    const [normalised, , inverse] = graph.multi(
      "LayerNormalization",
      [deviation, weight, ...(tensor("bias") ? [input("bias")] : [])],
      [x.shape, each, each].map((shape) => ({ shape, type: "float32" })),
      { attributes: { axis: { int: -1 }, epsilon: { float: epsilon } } },
    );
    return [normalised!, inverse!];
  },
};
