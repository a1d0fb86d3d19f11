import { add, type Key, mean, mul, type Tensor, tidy } from "@gen/tensor";
import { codeStatistics } from "./code-statistics.ts";
import type { VQVAE } from "./vqvae.ts";

export interface VQVAELossOptions {
  readonly model: VQVAE;
  /** Data [batch, …]. */
  readonly images: Tensor;
  readonly key: Key;
  /** Of `GumbelQuantizer`; a scalar tensor where it falls. */
  readonly temperature?: number | Tensor;
}

export type VQVAELosses = Record<
  "loss" | "reconstruction" | "quantization" | "perplexity" | "usage",
  Tensor
>;

/**
 * −log p(x | codes), in nats, plus the quantiser's loss as a sum over the numbers of an example's vectors (van den Oord et
 * al. 2017, arXiv:1711.00937, eq. 3): means over the batch, for `trainStep` of `@gen/train`. Buffers of the quantiser
 * move, as in any training step.
 *
 * @returns the loss, its two parts, and `codeStatistics` of the batch; the caller disposes of all
 */
export function vqvaeLoss({ model, images, key, temperature }: VQVAELossOptions): VQVAELosses {
  return tidy(() => {
    const z = model.encoder.forward(images);
    const { quantized, indices, loss } = model.quantizer.quantize(z, {
      mode: "training",
      key,
      ...(temperature !== undefined && { temperature }),
    });
    const outputs = model.decoder.forward(quantized);
    const reconstruction = mul(mean(model.likelihood.logProbability(images, outputs)), -1);
    const quantization = mul(loss, z.size / (z.shape[0] as number));
    return {
      loss: add(reconstruction, quantization),
      reconstruction,
      quantization,
      ...codeStatistics(indices, model.quantizer.codes),
    };
  });
}
