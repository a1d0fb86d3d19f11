import { add, mul } from "@gen/tensor";
import { groupwise, type Transform } from "./transform.ts";

export interface MomentumOptions {
  /** Look ahead by one step, as Nesterov's method does; false. */
  nesterov?: boolean | undefined;
}

/**
 * Replaces the gradient by its momentum, b ← decay·b + g (Sutskever et al. 2013, in PyTorch's form: the learning rate
 * stays outside), or with `nesterov` by g + decay·b.
 */
export function momentum(decay = 0.9, { nesterov = false }: MomentumOptions = {}): Transform {
  return () => ({
    state: ["momentum"],
    constants: [],
    numbers: () => [],
    update: groupwise((updates, { state: [buffer] }) => {
      const b = add(mul(buffer!, decay), updates);
      return { updates: nesterov ? add(updates, mul(b, decay)) : b, state: [b] };
    }),
  });
}
