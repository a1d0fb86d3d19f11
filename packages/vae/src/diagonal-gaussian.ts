import {
  add,
  exp,
  type Key,
  mul,
  normal,
  reshape,
  splitTensor,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
} from "@gen/tensor";

/** Independent normal distributions, one for each latent of each example: both [batch, …latentShape]. */
export type DiagonalGaussian = {
  readonly mean: Tensor;
  /** log σ². */
  readonly logVariance: Tensor;
};

/** Mean and log-variance side by side in the last axis, [batch, …, 2n], as two tensors. The caller disposes of both. */
export function diagonalGaussian(moments: Tensor): DiagonalGaussian {
  const [mean, logVariance] = splitTensor(moments, 2, -1) as [Tensor, Tensor];
  return { mean, logVariance };
}

/**
 * A sample μ + σ·ε, differentiable in both (Kingma and Welling, arXiv:1312.6114, section 2.4).
 *
 * @returns the shape of the mean; the caller disposes of it
 */
export function reparameterize({ mean, logVariance }: DiagonalGaussian, key: Key): Tensor {
  return tidy(() => add(mean, mul(exp(mul(logVariance, 0.5)), normal(key, mean.shape))));
}

/**
 * KL(N(μ, σ²) ‖ N(0, I)) = ½·Σ(μ² + σ² − 1 − log σ²) in nats (arXiv:1312.6114, appendix B), a sum over latents.
 *
 * @returns [batch]; the caller disposes of it
 */
export function klToStandardNormal(q: DiagonalGaussian): Tensor {
  return tidy(() => mul(sum(twiceTheKl(q), 1), 0.5));
}

/**
 * As `klToStandardNormal`, each latent by itself.
 *
 * @returns [batch, latents]; the caller disposes of it
 */
export function klOfEachLatent(q: DiagonalGaussian): Tensor {
  return tidy(() => mul(twiceTheKl(q), 0.5));
}

function twiceTheKl({ mean, logVariance }: DiagonalGaussian): Tensor {
  const terms = sub(add(square(mean), exp(logVariance)), add(logVariance, 1));
  return reshape(terms, [mean.shape[0] as number, -1]);
}
