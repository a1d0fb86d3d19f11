import { add, mean, mul, normal, sqrt, square, sub, tidy } from "@gen/tensor";
import { type GradientPenaltyOptions, penaltyAt } from "./gradient-penalty.ts";
import { nonNegative } from "./non-negative.ts";
import type { Regularizer } from "./regularizer.ts";

export interface DraganOptions extends GradientPenaltyOptions {
  /** The deviation of the noise, in deviations of the batch; 0.5. */
  readonly deviation?: number;
}

/**
 * DRAGAN (Kodali et al. 2017, arXiv:1705.07215): the gradient penalty at data with normal noise, λ
 * E(‖∇D(x + δ)‖ − 1)². It needs no generated points, and goes with the losses of the original game.
 */
export function dragan({ deviation = 0.5, ...options }: DraganOptions = {}): Regularizer {
  nonNegative("dragan", { deviation });
  return penaltyAt("dragan", options, ({ real, key }) =>
    tidy(() => {
      const spread = sqrt(mean(square(sub(real, mean(real)))));
      return add(real, mul(mul(deviation, spread), normal(key, real.shape)));
    }),
  );
}
