import { type Key, split } from "@gen/tensor";
import { DenseNetwork } from "./dense-network.ts";
import type { Likelihood } from "./likelihood.ts";
import { type LikelihoodConfig, likelihoodOf } from "./likelihoods.ts";
import { VAE } from "./vae.ts";

export interface DenseVAEConfig {
  /** Of one example, such as [2] or [28, 28, 1]. */
  readonly dataShape: readonly number[];
  readonly latents: number;
  /** Features of the encoder's hidden layers; the decoder has them the other way round. Default none: a linear VAE. */
  readonly hidden?: readonly number[];
  /** Default "bernoulli". */
  readonly likelihood?: LikelihoodConfig | Likelihood;
}

/** A variational autoencoder of fully connected layers. */
export function denseVAE(key: Key, config: DenseVAEConfig): VAE {
  const { dataShape, latents, hidden = [] } = config;
  const likelihood = likelihoodOf(config.likelihood ?? "bernoulli");
  const [encoderKey, decoderKey] = split(key, 2) as [Key, Key];
  const channels = (dataShape.at(-1) as number) * likelihood.outputsPerNumber;
  return new VAE({
    encoder: new DenseNetwork(encoderKey, { inShape: dataShape, outShape: [2 * latents], hidden }),
    decoder: new DenseNetwork(decoderKey, {
      inShape: [latents],
      outShape: [...dataShape.slice(0, -1), channels],
      hidden: hidden.toReversed(),
    }),
    likelihood,
  });
}
