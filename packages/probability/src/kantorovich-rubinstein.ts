import { mean, sub, type Tensor, tidy } from "@gen/tensor";

/**
 * The dual value of a critic f, E_p[f] − E_q[f]. For every f of Lipschitz constant 1 it is at most W₁(p, q), and the
 * best one reaches it (Kantorovich–Rubinstein; Wasserstein GANs, Arjovsky et al. 2017, arXiv:1701.07875, eq. 2): a
 * critic's loss with the sign turned, and a lower bound on the distance where its Lipschitz constant holds.
 *
 * @param criticP f at samples of p, any shape
 * @param criticQ f at samples of q, any shape
 * @returns a scalar; the caller disposes of it
 */
export function kantorovichRubinstein(criticP: Tensor, criticQ: Tensor): Tensor {
  return tidy(() => sub(mean(criticP), mean(criticQ)));
}
