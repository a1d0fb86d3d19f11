import { add, type Tensor, tidy } from "@gen/tensor";
import type { ClosedKl, Entropic } from "./distribution.ts";

/**
 * Cross-entropy −E_p[log q] = H(p) + KL(p ‖ q) of two distributions of the same kind, in closed form: what coding draws
 * of p with a code for q costs. Since H(p) does not depend on q, the q of largest likelihood on draws of p is the one of
 * smallest KL(p ‖ q).
 *
 * @returns [...batchShape] in nats; the caller disposes of it
 */
export function crossEntropy<Q>(p: Entropic & ClosedKl<Q>, q: Q): Tensor {
  return tidy(() => add(p.entropy(), p.kl(q)));
}
