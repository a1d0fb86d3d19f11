import type { TensorInfo } from "@tensorflow/tfjs-core";
import { binaryKernels } from "./binary.ts";
import { complexKernels, onComplex } from "./complex.ts";
import { convKernels } from "./conv.ts";
import { conv3dKernels } from "./conv3d.ts";
import { countingKernels } from "./counting.ts";
import { detectionKernels } from "./detection.ts";
import { fusedKernels } from "./fused.ts";
import { imageKernels } from "./image.ts";
import type { Kernel, Kernels } from "./kernel.ts";
import { matMulKernels } from "./matmul.ts";
import { morphologyKernels } from "./morphology.ts";
import { normalizationKernels } from "./normalization.ts";
import { poolKernels } from "./pool.ts";
import { raggedKernels } from "./ragged.ts";
import { reduceKernels } from "./reduce.ts";
import { shapeKernels } from "./shape.ts";
import { sparseKernels } from "./sparse.ts";
import { onStrings, stringKernels } from "./string.ts";
import { unaryKernels } from "./unary.ts";
import { uniqueKernels } from "./unique.ts";

/** Every kernel of the engine, by TensorFlow.js's name or, those of `fused.ts`, by ours. */
export const kernels: Kernels = {
  ...unaryKernels,
  ...binaryKernels,
  ...reduceKernels,
  ...matMulKernels,
  ...shapeKernels,
  ...convKernels,
  ...conv3dKernels,
  ...poolKernels,
  ...imageKernels,
  ...morphologyKernels,
  ...normalizationKernels,
  ...countingKernels,
  ...complexKernels,
  ...detectionKernels,
  ...sparseKernels,
  ...raggedKernels,
  ...stringKernels,
  ...uniqueKernels,
  ...fusedKernels,
};

/** The kernel of this name for these inputs: strings and complex numbers have some of their own. */
export function kernelFor(name: string, inputs: Record<string, unknown>, dtype?: unknown): Kernel {
  let variants = dtype === "complex64" ? onComplex : undefined;
  for (const key in inputs) {
    const input = inputs[key] as TensorInfo | undefined | null;
    if (input?.dtype === "string") variants = onStrings;
    else if (input?.dtype === "complex64") variants = onComplex;
  }
  return variants?.[name] ?? (kernels[name] as Kernel);
}
