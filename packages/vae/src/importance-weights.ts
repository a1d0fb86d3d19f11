import { diagonalGaussian } from "@gen/probability";
import { add, exp, mul, reshape, sub, type Tensor, tidy, tile, zerosLike } from "@gen/tensor";
import type { ElboOptions } from "./elbo.ts";

export interface ImportanceOptions extends ElboOptions {
  /** k, how many latents are drawn for each example. */
  readonly samples: number;
}

/**
 * log p(x | z) + log p(z) − log q(z | x) for k latents z of each example: log-weights, of which `iwae` of
 * `@gen/probability` makes a bound (Burda et al. 2016, arXiv:1509.00519). Where the encoder gives the exact posterior,
 * each of them is log p(x).
 *
 * @returns [samples, batch] in nats; the caller disposes of it
 */
export function importanceWeights(options: ImportanceOptions): Tensor {
  const { model, images, key, condition, samples } = options;
  if (!(Number.isInteger(samples) && samples > 0)) {
    throw new Error(`importanceWeights: samples must be a whole number above 0, got ${samples}`);
  }
  return tidy(() => {
    const { mean, logVariance } = model.encode(images, condition);
    const rank = mean.rank - 1;
    const posterior = diagonalGaussian(mean, exp(mul(logVariance, 0.5)), rank);
    const prior = diagonalGaussian(zerosLike(mean), 1, rank);
    const z = posterior.sample(key, [samples]);

    // The networks see samples and examples as one batch.
    const repeated = (x: Tensor): Tensor => tile(x, [samples, ...x.shape.slice(1).map(() => 1)]);
    const outputs = model.decoder.forward(
      reshape(z, [-1, ...mean.shape.slice(1)]),
      condition && repeated(condition),
    );
    const logLikelihood = reshape(model.likelihood.logProbability(repeated(images), outputs), [
      samples,
      -1,
    ]);
    return add(logLikelihood, sub(prior.logProb(z), posterior.logProb(z)));
  });
}
