import { add, sub, type Tensor, tidy } from "@gen/tensor";
import { type Key, split } from "@gen/random";
import { elbo } from "./elbo.ts";
import type { Bound, Density, Pathwise, Samples } from "./tractable.ts";

export interface LatentVariableModel {
  /** p(z). */
  readonly prior: Density & Samples;
  /** The decoder: p(x | z) for latents [samples, ...batch, ...]. */
  readonly likelihood: (z: Tensor) => Density & Samples;
  /** The encoder: q(z | x), its batch that of x. `Pathwise`, so that its parameters get a gradient. */
  readonly posterior: (x: Tensor) => Density & Pathwise;
}

/**
 * log w = log p(x | z) + log p(z) − log q(z | x) for z drawn from the encoder: the log-weights of which every bound here
 * is a function. E[w] = p(x), whatever the encoder.
 *
 * @param samples how many latents for each x
 * @returns [samples, ...batch] in nats; the caller disposes of it
 */
export function logImportanceWeights(
  model: LatentVariableModel,
  x: Tensor,
  key: Key,
  samples: number,
): Tensor {
  if (!(Number.isInteger(samples) && samples > 0)) {
    throw new Error(`logImportanceWeights: samples must be a whole number above 0, got ${samples}`);
  }
  return tidy(() => {
    const posterior = model.posterior(x);
    const z = posterior.sample(key, [samples]);
    const joint = add(model.likelihood(z).logProb(x), model.prior.logProb(z));
    return sub(joint, posterior.logProb(z));
  });
}

export interface LatentVariableBoundOptions {
  /** Latents for each x. Default 1. */
  samples?: number;
  /** How log-weights [samples, ...batch] become a bound [...batch]. Default `elbo`; `iwae` is tighter. */
  bound?: (logWeights: Tensor) => Tensor;
}

/** A latent-variable model as a `Bound` with samples: what is tractable of a VAE. */
export function latentVariableModel(
  model: LatentVariableModel,
  { samples = 1, bound = elbo }: LatentVariableBoundOptions = {},
): Bound & Samples {
  return {
    logProbBound: (x, key) => tidy(() => bound(logImportanceWeights(model, x, key, samples))),
    sample: (key, shape = []) =>
      tidy(() => {
        const [latentKey, dataKey] = split(key);
        return model.likelihood(model.prior.sample(latentKey, shape)).sample(dataKey);
      }),
  };
}
