import { kernel_impls } from "@tensorflow/tfjs-core";
import { hostTensor, numbersOf } from "./host.ts";
import type { Kernels } from "./kernel.ts";

/** Non-maximum suppression: how many boxes remain depends on the boxes. TensorFlow.js's core brings the algorithm. */
export const detectionKernels: Kernels = {
  NonMaxSuppressionV3: ({ backend, tensor, attributes }) => {
    const { selectedIndices } = kernel_impls.nonMaxSuppressionV3Impl(
      numbersOf(backend, tensor("boxes")),
      numbersOf(backend, tensor("scores")),
      attributes.maxOutputSize,
      attributes.iouThreshold,
      attributes.scoreThreshold,
    );
    return hostTensor(backend, selectedIndices, [selectedIndices.length], "int32");
  },
  NonMaxSuppressionV4: ({ backend, tensor, attributes }) => {
    const { selectedIndices, validOutputs } = kernel_impls.nonMaxSuppressionV4Impl(
      numbersOf(backend, tensor("boxes")),
      numbersOf(backend, tensor("scores")),
      attributes.maxOutputSize,
      attributes.iouThreshold,
      attributes.scoreThreshold,
      attributes.padToMaxOutputSize,
    );
    return [
      hostTensor(backend, selectedIndices, [selectedIndices.length], "int32"),
      hostTensor(backend, [validOutputs as number], [], "int32"),
    ];
  },
  NonMaxSuppressionV5: ({ backend, tensor, attributes }) => {
    const { selectedIndices, selectedScores } = kernel_impls.nonMaxSuppressionV5Impl(
      numbersOf(backend, tensor("boxes")),
      numbersOf(backend, tensor("scores")),
      attributes.maxOutputSize,
      attributes.iouThreshold,
      attributes.scoreThreshold,
      attributes.softNmsSigma,
    );
    return [
      hostTensor(backend, selectedIndices, [selectedIndices.length], "int32"),
      hostTensor(backend, selectedScores as number[], [selectedIndices.length], "float32"),
    ];
  },
};
