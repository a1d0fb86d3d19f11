import { mean, type Tensor, tidy } from "@gen/tensor";
import { logMeanExp } from "./log-sum-exp.ts";

/**
 * The evidence lower bound, the mean of log p(x, z) − log q(z | x) over z from q: log p(x) − KL(q(z|x) ‖ p(z|x)), so it is
 * log p(x) itself, without variance, at the exact posterior (Kingma & Welling 2014, arXiv:1312.6114). Its negative is a
 * VAE's loss: where log q and log p(z) have a closed KL, E[log p(x|z)] − KL(q ‖ p(z)) is the same with less variance.
 *
 * @param logWeights [samples, ...batch], as of `logImportanceWeights`
 * @returns [...batch] in nats; the caller disposes of it
 */
export function elbo(logWeights: Tensor): Tensor {
  expectSamples("elbo", logWeights);
  return tidy(() => mean(logWeights, 0));
}

/**
 * The importance-weighted bound log (1/k)Σ w: at least the ELBO, growing to log p(x) with k (Burda et al. 2016,
 * arXiv:1509.00519, eq. 8). In log space, so that no weight under- or overflows.
 *
 * @param logWeights [k, ...batch], as of `logImportanceWeights`
 * @returns [...batch] in nats; the caller disposes of it
 */
export function iwae(logWeights: Tensor): Tensor {
  expectSamples("iwae", logWeights);
  return logMeanExp(logWeights, 0);
}

export function expectSamples(what: string, logWeights: Tensor): void {
  if (logWeights.rank === 0 || logWeights.shape[0] === 0) {
    throw new Error(
      `${what}: logWeights must be [samples, ...batch] with one sample or more, got [${logWeights.shape}]`,
    );
  }
}
