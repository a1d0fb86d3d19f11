import { mean, mul, type Tensor, tidy } from "@gen/tensor";
import { gaussian } from "./gaussian.ts";
import type { Likelihood } from "./likelihood.ts";
import type { Part } from "./part.ts";

export interface AutoencoderParts {
  /** Data [batch, …] to codes. */
  readonly encoder: Part;
  /** Codes to what the likelihood takes. */
  readonly decoder: Part;
  /** Default `gaussian()`: half the squared error, and a constant. */
  readonly likelihood?: Likelihood;
}

/** A code without a distribution (Hinton and Salakhutdinov 2006): reconstructs, but there is nothing to sample from. */
export class Autoencoder {
  readonly encoder: Part;
  readonly decoder: Part;
  readonly likelihood: Likelihood;

  constructor({ encoder, decoder, likelihood = gaussian() }: AutoencoderParts) {
    this.encoder = encoder;
    this.decoder = decoder;
    this.likelihood = likelihood;
  }

  /** The code of each example. The caller disposes of it. */
  encode(x: Tensor, condition?: Tensor): Tensor {
    return this.encoder.forward(x, condition);
  }

  /** Codes to data. The caller disposes of the result. */
  decode(z: Tensor, condition?: Tensor): Tensor {
    return tidy(() => this.likelihood.mean(this.decoder.forward(z, condition)));
  }
}

export interface AutoencoderLossOptions {
  readonly model: Autoencoder;
  /** Data [batch, …]. */
  readonly images: Tensor;
  readonly condition?: Tensor | undefined;
}

/**
 * −log p(x | z) of a batch in nats, z the code: a mean over its examples, for `trainStep` of `@gen/train`.
 *
 * @returns the caller disposes of it
 */
export function autoencoderLoss({
  model,
  images,
  condition,
}: AutoencoderLossOptions): Record<"loss", Tensor> {
  return tidy(() => {
    const outputs = model.decoder.forward(model.encode(images, condition), condition);
    return { loss: mul(mean(model.likelihood.logProbability(images, outputs)), -1) };
  });
}
