import { type Key, split, type Tensor, tidy } from "@gen/tensor";
import type { ConvConfig } from "./conv-config.ts";
import { ConvDecoder } from "./conv-decoder.ts";
import { ConvEncoder } from "./conv-encoder.ts";
import { gaussian } from "./gaussian.ts";
import type { Likelihood } from "./likelihood.ts";
import { type LikelihoodConfig, likelihoodOf } from "./likelihoods.ts";
import type { Part } from "./part.ts";
import { type QuantizerConfig, quantizerOf } from "./quantizer-config.ts";
import type { Quantizer } from "./quantizer.ts";

export interface VQVAEParts {
  /** Data [batch, …] to vectors, [batch, …, features]. */
  readonly encoder: Part;
  /** Codes [batch, …, features] to what the likelihood takes. */
  readonly decoder: Part;
  readonly quantizer: Quantizer;
  /** Default `gaussian()`. */
  readonly likelihood?: Likelihood;
}

/** An autoencoder of discrete codes (van den Oord et al. 2017, arXiv:1711.00937), with any quantiser. */
export class VQVAE {
  readonly encoder: Part;
  readonly decoder: Part;
  readonly quantizer: Quantizer;
  readonly likelihood: Likelihood;

  constructor({ encoder, decoder, quantizer, likelihood = gaussian() }: VQVAEParts) {
    this.encoder = encoder;
    this.decoder = decoder;
    this.quantizer = quantizer;
    this.likelihood = likelihood;
  }

  /** The indices of each example's codes, int32. The caller disposes of them. */
  encode(x: Tensor): Tensor {
    return tidy(() => this.quantizer.quantize(this.encoder.forward(x)).indices);
  }

  /** Indices to data. The caller disposes of the result. */
  decode(indices: Tensor): Tensor {
    return tidy(() => this.likelihood.mean(this.decoder.forward(this.quantizer.lookup(indices))));
  }

  /**
   * Starts a learnt codebook at centres of the encoder's vectors (`kMeans`), before training: then no code is far from
   * all of them. A codebook that is not learnt has no start.
   */
  start(images: Tensor, key: Key): void {
    tidy(() => this.quantizer.start?.(this.encoder.forward(images), key));
  }
}

export interface ConvVQVAEConfig extends ConvConfig {
  readonly inChannels: number;
  readonly quantizer: QuantizerConfig;
  /** Default a Gaussian of variance 1. */
  readonly likelihood?: LikelihoodConfig | Likelihood;
}

/** A VQ-VAE of images: the codes are a map as large as the innermost stage. */
export function convVQVAE(key: Key, config: ConvVQVAEConfig): VQVAE {
  const { inChannels, quantizer: named, likelihood: described, ...common } = config;
  const likelihood = likelihoodOf(described ?? { name: "gaussian", variance: 1 });
  const [encoderKey, decoderKey, quantizerKey] = split(key, 3) as [Key, Key, Key];
  const quantizer = quantizerOf(quantizerKey, named);
  const size = common.imageSize / 2 ** common.channels.length;
  const shape = [size, size, quantizer.features];
  return new VQVAE({
    encoder: new ConvEncoder(encoderKey, { ...common, inChannels, outShape: shape }),
    decoder: new ConvDecoder(decoderKey, {
      ...common,
      inShape: shape,
      outChannels: inChannels * likelihood.outputsPerNumber,
    }),
    quantizer,
    likelihood,
  });
}
