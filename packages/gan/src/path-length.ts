import { parameter } from "@gen/nn";
import {
  add,
  foldIn,
  grad,
  type Key,
  mean,
  mul,
  normal,
  slice,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tidy,
} from "@gen/tensor";
import { nonNegative } from "./non-negative.ts";
import type { Regularizer } from "./regularizer.ts";
import type { StyleGenerator } from "./style-generator.ts";

export interface PathLengthOptions {
  /** γ; 2, that of its authors' code. */
  readonly weight?: number;
  /** How much of each step's lengths the running mean takes in; 0.01. */
  readonly decay?: number;
  /** How many images it looks at; by default half a batch. */
  readonly images?: number;
}

/**
 * Path length regularisation (Karras et al. 2020, arXiv:1912.04958, eq. 4): E(‖J_wᵀy‖ − a)² for random images y, with a
 * the running mean of the lengths. A step of fixed size in w then changes the image by a fixed amount, wherever it is.
 *
 * The mean is its own: `dispose(regularizer.state())` frees it.
 */
export function pathLength(
  generator: StyleGenerator,
  { weight = 2, decay = 0.01, images }: PathLengthOptions = {},
): Regularizer {
  nonNegative("pathLength", { weight, decay });
  const average = parameter(new Float32Array(1), [], false);
  return {
    name: "pathLength",
    generator: (game) =>
      tidy(() => {
        const count = images ?? Math.ceil((game.fake.shape[0] as number) / 2);
        const z = normal(foldIn(game.key, 0), [count, generator.latents]);
        const labels = game.labels && slice(game.labels, [0], [count]);
        const ws = generator.spread(generator.mapping.forward(z, "inference", labels));
        const [, height, width, channels] = game.fake.shape as [number, number, number, number];
        const probe = mul(
          normal(foldIn(game.key, 1), [count, height, width, channels]),
          1 / Math.sqrt(height * width),
        );
        const noise: Key = foldIn(game.key, 2);
        const lengths = pathLengths((t) => generator.synthesize(t, noise), ws, probe);
        const moved = add(average, mul(decay, sub(mean(stopGradient(lengths)), average)));
        average.assign(moved);
        return mul(weight, mean(square(sub(lengths, moved))));
      }),
    state: () => ({ average }),
  };
}

/**
 * ‖Jᵀy‖ of each image, a mean over its styles: √(1/L Σ_l ‖∂⟨f(ws), y⟩/∂w_l‖²).
 *
 * @param synthesize styles [batch, styles, latents] → [batch, …]
 * @param ws [batch, styles, latents]
 * @param probe y, of the shape of the images
 * @returns [batch]; the caller disposes of it
 */
export function pathLengths(synthesize: (ws: Tensor) => Tensor, ws: Tensor, probe: Tensor): Tensor {
  return tidy(() => {
    const slopes = grad((t: Tensor) => sum(mul(synthesize(t), probe)))(ws);
    return sqrt(mean(sum(square(slopes), 2), 1));
  });
}
