import { add, mean, mul, relu, sqrt, square, sub, type Tensor, tidy, uniform } from "@gen/tensor";
import { inputGradient, squaredNorms } from "./input-gradient.ts";
import { nonNegative } from "./non-negative.ts";
import type { Game, Regularizer } from "./regularizer.ts";

export interface GradientPenaltyOptions {
  /** λ; 10, the paper's for images. Its 2-D sets take 0.1. */
  readonly weight?: number;
  /** "two": norms are pulled to the target from both sides; "one": only larger ones are. Default "two". */
  readonly sides?: "two" | "one";
  /** The Lipschitz constant asked for; 1. */
  readonly target?: number;
}

/**
 * WGAN-GP (Gulrajani et al. 2017, arXiv:1704.00028, eq. 3): λ E(‖∇D(x̂)‖ − 1)² with x̂ uniform on the line between a
 * real and a generated point. One-sided, λ E max(0, ‖∇D(x̂)‖ − 1)² (the paper's section 4; WGAN-LP, arXiv:1709.08894),
 * it asks for no more than the dual problem does. The discriminator must judge elements apart: no batch norm.
 */
export function gradientPenalty(options: GradientPenaltyOptions = {}): Regularizer {
  return penaltyAt("gradientPenalty", options, ({ real, fake, key }) => {
    const u = uniform(key, [real.shape[0] as number, ...real.shape.slice(1).map(() => 1)]);
    return add(fake, mul(u, sub(real, fake)));
  });
}

/** λ E(‖∇D‖ − target)² at points that are given. */
export function penaltyAt(
  name: string,
  { weight = 10, sides = "two", target = 1 }: GradientPenaltyOptions,
  points: (game: Game) => Tensor,
): Regularizer {
  nonNegative(name, { weight, target });
  return {
    name,
    discriminator: (game) =>
      tidy(() => {
        const gradient = inputGradient(game.judge, points(game));
        // The root has no slope at 0.
        const excess = sub(sqrt(add(squaredNorms(gradient), 1e-12)), target);
        return mul(weight, mean(square(sides === "one" ? relu(excess) : excess)));
      }),
  };
}
