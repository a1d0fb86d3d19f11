import { add, mul } from "@gen/tensor";
import type { Transform } from "./transform.ts";

/** Says of a parameter whether its weights decay. */
export type DecayMask = (name: string, shape: readonly number[]) => boolean;

/** The usual choice: matrices and filters decay; biases, gains and other tensors of rank below 2 do not. */
export const decayMatrices: DecayMask = (_name, shape) => shape.length >= 2;

/**
 * Adds `rate` times the parameters to the updates. After the scaling of Adam or Lion this is decoupled weight decay
 * (Loshchilov & Hutter 2019); before it, or in front of `sgd`, the gradient of an L2 penalty, which is what PyTorch's
 * `Adam` and `SGD` call `weight_decay`.
 *
 * @param mask which parameters decay; by default those of rank 2 and above
 */
export function decayWeights(rate: number, mask: DecayMask = decayMatrices): Transform {
  return (layout) => {
    const rates = new Float32Array(layout.size);
    let at = 0;
    layout.names.forEach((name, i) => {
      const end = at + (layout.sizes[i] as number);
      if (mask(name, layout.shapes[i] as readonly number[])) rates.fill(rate, at, end);
      at = end;
    });
    if (rates.every((r) => r === 0)) {
      return {
        state: [],
        constants: [],
        numbers: () => [],
        update: (updates) => ({ updates, state: [] }),
      };
    }
    return {
      state: [],
      constants: [rates],
      numbers: () => [],
      update(updates, { parameters, constants: [perWeight] }) {
        return { updates: add(updates, mul(parameters, perWeight!)), state: [] };
      },
    };
  };
}
