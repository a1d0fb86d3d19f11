import { add, addN, div, minimum, mul, sqrt, square, sum } from "@gen/tensor";
import type { Transform } from "./transform.ts";

/**
 * Scales the gradient down so that its Euclidean norm over all parameters is at most `maxNorm`: Pascanu et al. 2013,
 * algorithm 1, in the form of PyTorch's `clip_grad_norm_`, g · min(1, maxNorm / (‖g‖ + 1e-6)).
 */
export function clipByGlobalNorm(maxNorm: number): Transform {
  if (!(maxNorm > 0)) {
    throw new Error(`clipByGlobalNorm: maxNorm must be a positive number, got ${maxNorm}`);
  }
  return () => ({
    state: [],
    constants: [],
    numbers: () => [],
    update(updates) {
      const norm = sqrt(addN(updates.map((group) => sum(square(group)))));
      const factor = minimum(div(maxNorm, add(norm, 1e-6)), 1);
      return { updates: updates.map((group) => mul(group, factor)), state: [] };
    },
  });
}
