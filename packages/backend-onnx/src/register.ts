import { registerBackend, registerKernel } from "@tensorflow/tfjs-core";
import { OnnxBackend } from "./backend.ts";
import type { Value } from "./graph.ts";
import { binaryKernels } from "./kernels/binary.ts";
import { convKernels } from "./kernels/conv.ts";
import { callOf, type Kernels } from "./kernels/kernel.ts";
import { matMulKernels } from "./kernels/matmul.ts";
import { poolKernels } from "./kernels/pool.ts";
import { reduceKernels } from "./kernels/reduce.ts";
import { shapeKernels } from "./kernels/shape.ts";
import { unaryKernels } from "./kernels/unary.ts";
import { nodeRuntime, type NodeRuntimeOptions } from "./runtime/node.ts";

/** Every kernel of the engine, by TensorFlow.js's name. */
export const kernels: Kernels = {
  ...unaryKernels,
  ...binaryKernels,
  ...reduceKernels,
  ...matMulKernels,
  ...shapeKernels,
  ...convKernels,
  ...poolKernels,
};

/**
 * Registers the backend "onnx" with TensorFlow.js; `setBackend("onnx")` then chooses it.
 *
 * @returns the backend
 * @throws when ONNX Runtime cannot be loaded here, saying what to install
 */
export function registerOnnxBackend(options: NodeRuntimeOptions = {}): OnnxBackend {
  const backend = new OnnxBackend(nodeRuntime(options));
  registerBackend("onnx", () => backend, 10);
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    registerKernel({
      kernelName,
      backendName: "onnx",
      kernelFunc: ({ inputs, attrs }) => {
        const result = kernel(callOf(backend, inputs as never, attrs));
        if ("dataId" in result) return result;
        return Array.isArray(result)
          ? result.map((value: Value) => backend.tensor(value))
          : backend.tensor(result);
      },
    });
  }
  return backend;
}
