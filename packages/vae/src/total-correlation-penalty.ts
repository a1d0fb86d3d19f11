import {
  add,
  addN,
  exp,
  expandDims,
  logSumExp,
  mean,
  mul,
  reshape,
  square,
  sub,
  sum,
  type Tensor,
} from "@gen/tensor";
import type { Penalty } from "./penalty.ts";

export interface TotalCorrelationOptions {
  /** Examples in the whole data set. */
  readonly count: number;
  /** Weight of the mutual information of x and z. Default 1. */
  readonly alpha?: number;
  /** Weight of the total correlation KL(q(z) ‖ Π q(z_j)). Default 6, the paper's for 3-D shapes. */
  readonly beta?: number;
  /** Weight of Σ KL(q(z_j) ‖ p(z_j)). Default 1. */
  readonly gamma?: number;
}

/**
 * β-TC-VAE: the KL divergence taken apart, E KL(q(z|x) ‖ p(z)) = I(x; z) + KL(q(z) ‖ Π q(z_j)) + Σ KL(q(z_j) ‖ p(z_j)),
 * and the middle term, how far the latents are from independent, weighed by itself (Chen et al. 2018, arXiv:1802.04942,
 * eq. 2). The marginals q(z) are estimated from the batch by minibatch-weighted sampling (eq. S5), biased for small
 * batches. With all weights 1 the estimate is log q(z | x) − log p(z) exactly.
 *
 * @throws if count is not a whole number above 0, or a weight is not finite
 */
export function totalCorrelationPenalty(options: TotalCorrelationOptions): Penalty {
  const { count, alpha = 1, beta = 6, gamma = 1 } = options;
  if (!(Number.isInteger(count) && count > 0)) {
    throw new Error(
      `totalCorrelationPenalty: count must be the whole number of examples in the data set, got ${count}`,
    );
  }
  for (const [name, weight] of Object.entries({ alpha, beta, gamma })) {
    if (!Number.isFinite(weight)) {
      throw new Error(`totalCorrelationPenalty: ${name} must be finite, got ${weight}`);
    }
  }
  return ({ posterior, z: shaped }) => {
    const batch = shaped.shape[0] as number;
    const [z, mu, logVariance] = [shaped, posterior.mean, posterior.logVariance].map((t) =>
      reshape(t, [batch, -1]),
    ) as [Tensor, Tensor, Tensor];
    // log q(z_i | x_j) of each latent: [i, j, latents].
    const pairs = normalLog(sub(expandDims(z, 1), expandDims(mu, 0)), expandDims(logVariance, 0));
    const weigh = Math.log(count * batch);
    const joint = sub(logSumExp(sum(pairs, 2), 1), weigh);
    const product = sum(sub(logSumExp(pairs, 1), weigh), 1);
    const prior = sum(normalLog(z, mul(z, 0)), 1);
    const conditional = sum(normalLog(sub(z, mu), logVariance), 1);
    return mean(
      addN([
        mul(sub(conditional, joint), alpha),
        mul(sub(joint, product), beta),
        mul(sub(product, prior), gamma),
      ]),
    );
  };
}

function normalLog(difference: Tensor, logVariance: Tensor): Tensor {
  const squares = mul(square(difference), exp(mul(logVariance, -1)));
  return mul(add(add(squares, logVariance), Math.log(2 * Math.PI)), -0.5);
}
