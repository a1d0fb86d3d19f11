import { add, mean, mul, square, sub, type Tensor, tidy } from "@gen/tensor";
import type { AdversarialLoss } from "./adversarial-loss.ts";

/**
 * LSGAN (Mao et al. 2017, arXiv:1611.04076, eq. 9: a = 0, b = c = 1): ½E(D(x) − 1)² + ½E D(G(z))² and
 * ½E(D(G(z)) − 1)². The discriminator's output is a value, not a logit.
 */
export const leastSquares: AdversarialLoss = {
  name: "least-squares",
  discriminator: (real, fake) => tidy(() => add(distance(real, 1), distance(fake, 0))),
  generator: (fake) => tidy(() => distance(fake, 1)),
};

const distance = (values: Tensor, target: number): Tensor =>
  mul(0.5, mean(square(sub(values, target))));
