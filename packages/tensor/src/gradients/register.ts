import {
  getGradient,
  type GradConfig,
  registerGradient,
  unregisterGradient,
} from "@tensorflow/tfjs-core";
import { activationGradients } from "./activation.ts";
import { binaryGradients } from "./binary.ts";
import { convGradients } from "./conv.ts";
import { matmulGradients } from "./matmul.ts";
import { normalizationGradients } from "./normalization.ts";
import { piecewiseConstantGradients } from "./piecewise-constant.ts";
import { reduceGradients } from "./reduce.ts";
import { shapeGradients } from "./shape.ts";
import { softmaxGradients } from "./softmax.ts";
import { einsumGradients } from "./einsum.ts";
import { gatherGradients } from "./gather.ts";
import { poolGradients } from "./pool.ts";
import { productGradients } from "./product.ts";
import { resizeGradients } from "./resize.ts";
import { unaryGradients } from "./unary.ts";

/** The gradients of all kernels that have one here. */
export const gradientConfigs: readonly GradConfig[] = [
  ...unaryGradients,
  ...activationGradients,
  ...binaryGradients,
  ...piecewiseConstantGradients,
  ...reduceGradients,
  ...softmaxGradients,
  ...normalizationGradients,
  ...matmulGradients,
  ...shapeGradients,
  ...convGradients,
  ...resizeGradients,
  ...productGradients,
  ...poolGradients,
  ...gatherGradients,
  ...einsumGradients,
];

/**
 * Makes TensorFlow.js use gradients that are right at any order. Done on import; to be called again when something
 * else may have registered its own since (importing `@tensorflow/tfjs` does).
 */
export function registerGradients(): void {
  for (const config of gradientConfigs) {
    if (getGradient(config.kernelName)) unregisterGradient(config.kernelName);
    registerGradient(config);
  }
}

registerGradients();
