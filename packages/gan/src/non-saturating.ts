import { add, mean, neg, softplus, tidy } from "@gen/tensor";
import type { AdversarialLoss } from "./adversarial-loss.ts";

/**
 * Goodfellow et al. 2014 (arXiv:1406.2661, section 3): the discriminator minimises −log D(x) − log(1 − D(G(z))), the
 * generator −log D(G(z)), which has gradients where the minimax game's log(1 − D(G(z))) has none. In nats; where the
 * discriminator cannot tell, they are 2·ln 2 and ln 2.
 */
export const nonSaturating: AdversarialLoss = {
  name: "non-saturating",
  discriminator: (real, fake) => tidy(() => add(mean(softplus(neg(real))), mean(softplus(fake)))),
  generator: (fake) => tidy(() => mean(softplus(neg(fake)))),
};
