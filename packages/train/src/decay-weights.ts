import { add, mul } from "@gen/tensor";
import { groupwise, type Transform } from "./transform.ts";

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
    const rates = layout.groups.map(({ names, shapes, sizes }) => {
      const ofMembers = names.map((name, i) => (mask(name, shapes[i]!) ? rate : 0));
      if (new Set(ofMembers).size === 1) return Float32Array.of(ofMembers[0]!);
      return Float32Array.from(ofMembers.flatMap((r, i) => Array<number>(sizes[i]!).fill(r)));
    });
    if (rates.every((ofGroup) => ofGroup.every((r) => r === 0))) {
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
      update: groupwise((updates, { parameters, constants: [perWeight] }) => ({
        updates: add(updates, mul(parameters, perWeight!)),
        state: [],
      })),
    };
  };
}
