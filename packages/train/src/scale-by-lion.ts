import { add, mul, sign, sub } from "@gen/tensor";
import { groupwise, type Transform } from "./transform.ts";

export interface LionMoments {
  /** Weight of the mean in the direction; 0.9. */
  beta1?: number | undefined;
  /** Decay of the mean of the gradients; 0.99. */
  beta2?: number | undefined;
}

/** Lion's direction (Chen et al. 2023, algorithm 2): sign(β₁·m + (1-β₁)·g), with m a decaying mean of g. */
export function scaleByLion({ beta1 = 0.9, beta2 = 0.99 }: LionMoments = {}): Transform {
  return () => ({
    state: ["mean"],
    constants: [],
    numbers: () => [],
    update: groupwise((updates, { state: [mean] }) => {
      const change = sub(updates, mean!);
      return {
        updates: sign(add(mean!, mul(change, 1 - beta1))),
        state: [add(mean!, mul(change, 1 - beta2))],
      };
    }),
  });
}
