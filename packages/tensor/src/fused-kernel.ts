import type { Tensor } from "@tensorflow/tfjs-core";
import { hasKernel, runKernels } from "./gradients/define.ts";

/**
 * Runs a kernel of ours where the backend in use has it, and else the same by other operations. It has no gradient of
 * its own: call it inside `customGrad`.
 *
 * @param kernelName see `kernels/fused.ts` of `@gen/backend-onnx`
 * @param otherwise the same results by operations that every backend has
 * @returns the results; the caller disposes of them
 */
export function fusedKernel(
  kernelName: "LayerNormalization",
  inputs: Readonly<Record<string, Tensor | undefined>>,
  attributes: object,
  otherwise: () => Tensor[],
): Tensor[] {
  return hasKernel(kernelName) ? runKernels(kernelName, inputs, attributes) : otherwise();
}
