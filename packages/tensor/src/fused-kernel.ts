import { engine, type Tensor } from "@tensorflow/tfjs-core";
import { hasKernel, runKernels } from "./gradients/define.ts";
import { isRecording } from "./recording.ts";

/**
 * Runs a kernel of ours where the backend in use, on its device, has it as one operation, and else the same by others.
 * It has no gradient of its own: where one is wanted, call it inside `customGrad`.
 *
 * @param kernelName see `kernels/fused.ts` of `@gen/backend-onnx`
 * @param otherwise the same results by operations that every backend has
 * @returns the results; the caller disposes of them
 */
export function fusedKernel(
  kernelName: "CachedAttention" | "LayerNormalization",
  inputs: Readonly<Record<string, Tensor | undefined>>,
  attributes: object,
  otherwise: () => Tensor[],
): Tensor[] {
  const { backend } = engine();
  const fused = hasKernel(kernelName) && isRecording(backend) && backend.fuses(kernelName);
  return fused ? runKernels(kernelName, inputs, attributes) : otherwise();
}
