import { mean, neg, softplus, tidy } from "@gen/tensor";
import type { AdversarialLoss } from "./adversarial-loss.ts";
import { nonSaturating } from "./non-saturating.ts";

/**
 * The game of one value, min_G max_D E log D(x) + E log(1 − D(G(z))) (Goodfellow et al. 2014, arXiv:1406.2661, eq. 1).
 * The discriminator minimises −V, the generator E log(1 − D(G(z))) = −E softplus(logit), whose gradient vanishes where
 * the discriminator is sure: at its start, that is. In nats.
 */
export const minimax: AdversarialLoss = {
  name: "minimax",
  discriminator: nonSaturating.discriminator,
  generator: (fake) => tidy(() => neg(mean(softplus(fake)))),
};
