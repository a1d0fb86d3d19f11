import { Conv2d } from "@gen/nn";
import {
  add,
  type Key,
  matMul,
  mul,
  reshape,
  rsqrt,
  square,
  sum,
  type Tensor,
  tidy,
} from "@gen/tensor";
import { equalized } from "./equalized.ts";

/**
 * StyleGAN2's convolution (Karras et al. 2020, arXiv:1912.04958, eq. 1 to 3): the style scales the input channels of the
 * weight, and demodulation brings each output channel of the scaled weight back to length 1. Both are done to the
 * activations, which is the same and needs one weight for all images.
 */
export class ModulatedConv2d {
  readonly conv: Conv2d;
  readonly gain: number;
  readonly demodulates: boolean;

  /** @param demodulate false for the convolution to colours; default true */
  constructor(
    key: Key,
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    { demodulate = true }: { demodulate?: boolean } = {},
  ) {
    this.conv = new Conv2d(key, inChannels, outChannels, kernelSize, {
      bias: false,
      init: equalized,
    });
    this.gain = demodulate ? 1 : 1 / (kernelSize * Math.sqrt(inChannels));
    this.demodulates = demodulate;
  }

  /**
   * @param x [batch, height, width, in]
   * @param style [batch, in], around 1
   * @returns [batch, height, width, out]; the caller disposes of it
   */
  forward(x: Tensor, style: Tensor): Tensor {
    return tidy(() => {
      const [batch, inChannels] = style.shape as [number, number];
      const scaled = mul(x, reshape(mul(this.gain, style), [batch, 1, 1, inChannels]));
      const y = this.conv.forward(scaled);
      if (!this.demodulates) return y;
      const squares = sum(square(this.conv.weight), [0, 1]);
      const lengths = add(matMul(square(style), squares), 1e-8);
      return mul(y, reshape(rsqrt(lengths), [batch, 1, 1, -1]));
    });
  }
}
