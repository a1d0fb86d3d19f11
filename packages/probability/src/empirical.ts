import { gather, mean, randint, reshape, square, sub, type Tensor, tidy } from "@gen/tensor";
import type { Moments } from "./distribution.ts";
import type { Samples } from "./tractable.ts";

export interface Empirical extends Samples, Moments {
  readonly batchShape: readonly [];
  readonly eventShape: readonly number[];
}

/**
 * A finite data set as a distribution: each of its n points [n, ...event] has the probability 1/n. Samples only: its
 * density is a sum of spikes. What smooths them is `kernelDensity`; what a diffusion makes of them is in the oracles.
 * `sample` draws with replacement.
 */
export function empirical(points: Tensor): Empirical {
  const [count, ...eventShape] = points.shape;
  if (!count) {
    throw new Error(
      `empirical: points must be [n, ...event] with n of 1 or more, got [${points.shape}]`,
    );
  }
  return {
    batchShape: [],
    eventShape,
    sample: (key, shape = []) =>
      tidy(() => {
        const size = shape.reduce((product, n) => product * n, 1);
        return reshape(gather(points, randint(key, [size], 0, count)), [...shape, ...eventShape]);
      }),
    mean: () => tidy(() => mean(points, 0)),
    variance: () => tidy(() => mean(square(sub(points, mean(points, 0))), 0)),
  };
}
