import { BatchNorm2d, init, Linear, type Mode } from "@gen/nn";
import { add, type Key, mul, reshape, split, type Tensor, tidy } from "@gen/tensor";

/** Normalises images [batch, height, width, channels], perhaps in a way of each image's own. */
export interface ImageNorm {
  forward(x: Tensor, mode: Mode, embedding?: Tensor): Tensor;
}

/**
 * Conditional batch norm (Dumoulin et al. 2017, arXiv:1610.07629, eq. 5; as in BigGAN, arXiv:1809.11096, appendix B):
 * the gain is 1 plus, and the offset is plus, what two linear layers make of an embedding of the class.
 */
export class ConditionalBatchNorm2d implements ImageNorm {
  readonly norm: BatchNorm2d;
  readonly gain: Linear;
  readonly offset: Linear;

  constructor(key: Key, channels: number, embeddingFeatures: number) {
    const [gainKey, offsetKey] = split(key, 2) as [Key, Key];
    const options = { bias: false, init: init.normal(0.02) };
    this.norm = new BatchNorm2d(channels);
    this.gain = new Linear(gainKey, embeddingFeatures, channels, options);
    this.offset = new Linear(offsetKey, embeddingFeatures, channels, options);
  }

  /**
   * @param x [batch, height, width, channels]
   * @param embedding [batch, embeddingFeatures]
   * @returns the same shape as x; the caller disposes of it
   */
  forward(x: Tensor, mode: Mode, embedding?: Tensor): Tensor {
    if (!embedding) throw new Error("ConditionalBatchNorm2d.forward: needs an embedding, got none");
    return tidy(() => {
      const each = (layer: Linear): Tensor =>
        reshape(layer.forward(embedding), [x.shape[0] as number, 1, 1, -1]);
      const normal = this.norm.forward(x, mode);
      return add(add(normal, mul(normal, each(this.gain))), each(this.offset));
    });
  }
}
