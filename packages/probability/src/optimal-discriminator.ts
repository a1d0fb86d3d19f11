import { add, mean, neg, softplus, sub, type Tensor, tidy } from "@gen/tensor";
import type { Density } from "./tractable.ts";

/**
 * The logit of the best discriminator between data p and generator q, log p(x) − log q(x): D* = sigmoid of it =
 * p/(p + q) (Goodfellow et al. 2014, arXiv:1406.2661, proposition 1).
 *
 * @returns one number per event; the caller disposes of it
 */
export function optimalDiscriminatorLogit(p: Density, q: Density, x: Tensor): Tensor {
  return tidy(() => sub(p.logProb(x), q.logProb(x)));
}

/**
 * The value of the GAN game, E_p log D(x) + E_q log(1 − D(x)), from the discriminator's logits at samples of each. At the
 * best discriminator it is 2·JSD(p ‖ q) − 2 ln 2, at least −1.386 (arXiv:1406.2661, theorem 1).
 *
 * @param logitsReal the discriminator before its sigmoid at data, any shape
 * @param logitsFake the same at generated samples, any shape
 * @returns a scalar in nats; the caller disposes of it
 */
export function ganValue(logitsReal: Tensor, logitsFake: Tensor): Tensor {
  return tidy(() => neg(add(mean(softplus(neg(logitsReal))), mean(softplus(logitsFake)))));
}
