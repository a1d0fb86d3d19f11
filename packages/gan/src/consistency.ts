import { add, mean, mul, split, squaredDifference, type Key, type Tensor, tidy } from "@gen/tensor";
import type { Transformation } from "./transformations.ts";
import { nonNegative } from "./non-negative.ts";
import type { Regularizer } from "./regularizer.ts";

export interface ConsistencyOptions {
  /** λ for real data; 10, the papers'. */
  readonly real?: number;
  /** λ for generated data; 10. Zero makes it CR-GAN's. */
  readonly fake?: number;
}

/**
 * Balanced consistency (Zhao et al. 2020, arXiv:2002.04724, algorithm 1; with `fake: 0` CR-GAN, Zhang et al. 2019,
 * arXiv:1910.12027): the discriminator should say the same of x and of T(x), λ E(D(x) − D(T(x)))².
 */
export function consistency(
  transformation: Transformation,
  { real = 10, fake = 10 }: ConsistencyOptions = {},
): Regularizer {
  nonNegative("consistency", { real, fake });
  return {
    name: "consistency",
    discriminator: (game) =>
      tidy(() => {
        const [realKey, fakeKey] = split(game.key, 2) as [Key, Key];
        const change = (x: Tensor, key: Key): Tensor =>
          mean(squaredDifference(game.judge(x), game.judge(transformation(x, key))));
        return add(mul(real, change(game.real, realKey)), mul(fake, change(game.fake, fakeKey)));
      }),
  };
}
