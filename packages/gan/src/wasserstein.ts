import { mean, neg, sub, tidy } from "@gen/tensor";
import type { AdversarialLoss } from "./adversarial-loss.ts";

/**
 * Wasserstein GAN (Arjovsky et al. 2017, arXiv:1701.07875, eq. 2 and 3): the critic minimises E D(G(z)) − E D(x), the
 * generator −E D(G(z)). It means a distance only where something keeps the critic's Lipschitz constant: a gradient
 * penalty, spectral normalisation or weight clipping. The paper gives the critic 5 steps for one of the generator.
 */
export const wasserstein: AdversarialLoss = {
  name: "wasserstein",
  discriminator: (real, fake) => tidy(() => sub(mean(fake), mean(real))),
  generator: (fake) => tidy(() => neg(mean(fake))),
};
