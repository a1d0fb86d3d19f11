import { type Key, split } from "@gen/tensor";
import { Conditioned, type ConditionedOptions, defaultLabelFeatures } from "./conditioned.ts";
import type { ConvConfig } from "./conv-config.ts";
import { ConvDecoder } from "./conv-decoder.ts";
import { ConvEncoder } from "./conv-encoder.ts";
import type { Likelihood } from "./likelihood.ts";
import { type LikelihoodConfig, likelihoodOf } from "./likelihoods.ts";
import { VAE } from "./vae.ts";

export interface ConvVAEConfig extends ConvConfig, Partial<ConditionedOptions> {
  readonly inChannels: number;
  /** A vector [latents], or a map [height, width, channels] as large as the innermost stage. */
  readonly latentShape: readonly number[];
  /** Default "bernoulli". */
  readonly likelihood?: LikelihoodConfig | Likelihood;
}

/** A variational autoencoder of images, by `ConvEncoder` and `ConvDecoder`; with `classes`, a conditional one. */
export function convVAE(key: Key, config: ConvVAEConfig): VAE {
  const { inChannels, latentShape, likelihood: named = "bernoulli", ...rest } = config;
  const { classes, labelFeatures = defaultLabelFeatures, ...common } = rest;
  const likelihood = likelihoodOf(named);
  const [encoderKey, decoderKey, encoderLabels, decoderLabels] = split(key, 4) as Keys;
  const label = classes === undefined ? 0 : labelFeatures;
  const encoder = new ConvEncoder(encoderKey, {
    ...common,
    inChannels: inChannels + label,
    outShape: widened(latentShape, latentShape.at(-1) as number),
  });
  const decoder = new ConvDecoder(decoderKey, {
    ...common,
    inShape: widened(latentShape, label),
    outChannels: inChannels * likelihood.outputsPerNumber,
  });
  if (classes === undefined) return new VAE({ encoder, decoder, likelihood });
  const options = { classes, labelFeatures };
  return new VAE({
    encoder: new Conditioned(encoderLabels, encoder, options),
    decoder: new Conditioned(decoderLabels, decoder, options),
    likelihood,
  });
}

type Keys = [Key, Key, Key, Key];

const widened = (shape: readonly number[], by: number): number[] => [
  ...shape.slice(0, -1),
  (shape.at(-1) as number) + by,
];
