import { image, type Tensor, type Tensor4D } from "@gen/tensor";

/**
 * Twice the height and width, bilinearly: the low-pass filter [1, 3, 3, 1] of StyleGAN and R3GAN, but for the edges.
 * [batch, height, width, channels] → [batch, 2·height, 2·width, channels]. The caller disposes of the result.
 */
export function upsampleBilinear(x: Tensor): Tensor {
  const [, height, width] = x.shape as [number, number, number, number];
  return image.resizeBilinear(x as Tensor4D, [2 * height, 2 * width], false, true);
}
