import { add, mean, mul, reshape, rsqrt, square, sub, type Tensor, tidy } from "@gen/tensor";

/**
 * Adaptive instance normalisation (Huang and Belongie 2017, arXiv:1703.06868, eq. 8; StyleGAN, arXiv:1812.04948, eq. 1):
 * each channel of each image is brought to mean 0 and deviation 1 over its pixels, then scaled and moved. Scale and shift
 * are one number a channel, not a pixel.
 *
 * @param x [batch, height, width, channels]
 * @param scale [batch, channels], the factor itself
 * @param shift [batch, channels]
 * @returns the shape of x; the caller disposes of it
 */
export function adaptiveInstanceNorm(x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  return tidy(() => {
    const each = (t: Tensor): Tensor => reshape(t, [x.shape[0] as number, 1, 1, -1]);
    const centred = sub(x, mean(x, [1, 2], true));
    const normal = mul(centred, rsqrt(add(mean(square(centred), [1, 2], true), 1e-5)));
    return add(mul(normal, each(scale)), each(shift));
  });
}
