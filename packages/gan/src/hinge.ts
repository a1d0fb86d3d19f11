import { add, mean, neg, relu, sub, tidy } from "@gen/tensor";
import type { AdversarialLoss } from "./adversarial-loss.ts";

/**
 * Hinge loss (Lim and Ye 2017, arXiv:1705.02894; SNGAN, arXiv:1802.05957, eq. 16 and 17): E max(0, 1 − D(x)) +
 * E max(0, 1 + D(G(z))) and −E D(G(z)). Where the discriminator gives 0 they are 2 and 0.
 */
export const hinge: AdversarialLoss = {
  name: "hinge",
  discriminator: (real, fake) =>
    tidy(() => add(mean(relu(sub(1, real))), mean(relu(add(1, fake))))),
  generator: (fake) => tidy(() => neg(mean(fake))),
};
