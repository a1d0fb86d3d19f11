import { mul, type Tensor, tidy } from "@gen/tensor";
import type { Game, Regularizer } from "./regularizer.ts";

/**
 * A regulariser that takes part in every n-th step only, n times as strong (StyleGAN2, arXiv:1912.04958, appendix B:
 * R1 every 16 steps, path length every 8).
 */
export function lazily(regularizer: Regularizer, every: number): Regularizer {
  if (!Number.isInteger(every) || every < 1) {
    throw new Error(`lazily: every must be a positive integer, got ${every}`);
  }
  const { discriminator, generator } = regularizer;
  const stronger = (term: (game: Game) => Tensor) => (game: Game) =>
    tidy(() => mul(every, term.call(regularizer, game)));
  return {
    ...regularizer,
    every: every * (regularizer.every ?? 1),
    ...(discriminator && { discriminator: stronger(discriminator) }),
    ...(generator && { generator: stronger(generator) }),
  };
}
