import { mean, mul, type Tensor, tidy } from "@gen/tensor";
import { inputGradient, squaredNorms } from "./input-gradient.ts";
import { nonNegative } from "./non-negative.ts";
import type { Game, Regularizer } from "./regularizer.ts";

/**
 * R1 (Mescheder et al. 2018, arXiv:1801.04406, eq. 9): γ/2 E‖∇D(x)‖² at real data. With it the Dirac-GAN converges, and
 * the eigenvalues of its dynamics get a negative real part. Default γ = 10, the paper's.
 */
export const r1 = (gamma: number = 10): Regularizer =>
  zeroCentered("r1", gamma, (game) => game.real);

/** R2 (arXiv:1801.04406, eq. 10): γ/2 E‖∇D(x)‖² at generated data. R3GAN (arXiv:2501.05441) takes both. */
export const r2 = (gamma: number = 10): Regularizer =>
  zeroCentered("r2", gamma, (game) => game.fake);

function zeroCentered(name: string, gamma: number, points: (game: Game) => Tensor): Regularizer {
  nonNegative(name, { gamma });
  return {
    name,
    discriminator: (game) =>
      tidy(() => mul(gamma / 2, mean(squaredNorms(inputGradient(game.judge, points(game)))))),
  };
}
