import { add, type Key, matMul, reshape, type Tensor, tidy } from "@gen/tensor";
import { Conv2d } from "./conv2d.ts";
import { type Init, xavierUniform } from "./init.ts";
import { patchify } from "./patches.ts";

export interface PatchEmbeddingOptions {
  /** How the weight starts. Default `xavierUniform` over [patch·patch·channels, features], as DiT's. */
  init?: Init;
}

/**
 * One linear map of every patch of an image (ViT, arXiv:2010.11929). `proj` holds it as a convolution of stride
 * `patch`, named as timm's `PatchEmbed`; it is computed as one product.
 */
export class PatchEmbedding {
  readonly proj: Conv2d;
  readonly patch: number;

  constructor(
    key: Key,
    patch: number,
    channels: number,
    features: number,
    options: PatchEmbeddingOptions = {},
  ) {
    const init: Init = (k, shape) =>
      (options.init ?? xavierUniform)(k, shape, { in: patch * patch * channels, out: features });
    this.proj = new Conv2d(key, channels, features, patch, { stride: patch, padding: 0, init });
    this.patch = patch;
  }

  /** images [batch, height, width, channels] → [batch, patches, features]. The caller disposes of the result. */
  forward(images: Tensor): Tensor {
    const { weight, bias } = this.proj;
    const features = weight.shape[3] as number;
    return tidy(() => {
      const patches = patchify(images, this.patch);
      const [batch, count, numbers] = patches.shape as [number, number, number];
      const product = matMul(
        reshape(patches, [batch * count, numbers]),
        reshape(weight, [numbers, features]),
      );
      return reshape(bias ? add(product, bias) : product, [batch, count, features]);
    });
  }
}
