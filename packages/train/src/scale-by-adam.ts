import { add, div, mul, sqrt, square, sub } from "@gen/tensor";
import { groupwise, type Transform } from "./transform.ts";

export interface AdamMoments {
  /** Decay of the mean of the gradients; 0.9. */
  beta1?: number | undefined;
  /** Decay of the mean of their squares; 0.999. */
  beta2?: number | undefined;
  /** Keeps the division from zero; 1e-8. */
  epsilon?: number | undefined;
}

/**
 * Adam's direction (Kingma & Ba 2015, algorithm 1): m̂ / (√v̂ + ε), with m and v the decaying means of g and g², and the
 * hats their bias corrections.
 */
export function scaleByAdam({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
}: AdamMoments = {}): Transform {
  return () => ({
    state: ["mean", "meanSquare"],
    constants: [],
    // m̂/(√v̂ + ε) = (c/b)·m/(√v + c·ε) with b = 1 - β₁ᵗ, c = √(1 - β₂ᵗ): the corrections touch no vector of their own.
    numbers(step) {
      const correction1 = -Math.expm1((step + 1) * Math.log(beta1));
      const correction2 = Math.sqrt(-Math.expm1((step + 1) * Math.log(beta2)));
      return [correction2 / correction1, correction2 * epsilon];
    },
    update: groupwise((updates, { state: [mean, meanSquare], numbers: [factor, offset] }) => {
      const m = add(mean!, mul(sub(updates, mean!), 1 - beta1));
      const v = add(mul(meanSquare!, beta2), mul(square(updates), 1 - beta2));
      return { updates: mul(div(m, add(sqrt(v), offset!)), factor!), state: [m, v] };
    }),
  });
}
