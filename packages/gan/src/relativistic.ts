import { mean, softplus, sub, tidy } from "@gen/tensor";
import type { AdversarialLoss } from "./adversarial-loss.ts";

/**
 * The relativistic pairing loss (Jolicoeur-Martineau 2018, arXiv:1807.00734; R3GAN, arXiv:2501.05441, section 2): the
 * discriminator minimises E softplus(D(G(z)) − D(x)) over pairs, the generator E softplus(D(x) − D(G(z))). A generated
 * point is judged beside a real one, so that dropping modes does not pay; with R1 and R2 the training converges locally,
 * R3GAN shows. Where the discriminator cannot tell, both are ln 2.
 */
export const relativistic: AdversarialLoss = {
  name: "relativistic",
  discriminator: (real, fake) => tidy(() => mean(softplus(sub(fake, real)))),
  generator: (fake, real) => tidy(() => mean(softplus(sub(real(), fake)))),
};
