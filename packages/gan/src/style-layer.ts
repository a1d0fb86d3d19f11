import { Conv2d, Linear, parameter } from "@gen/nn";
import {
  add,
  foldIn,
  type Key,
  mul,
  normal,
  reshape,
  splitTensor,
  type Tensor,
  tidy,
  type Variable,
} from "@gen/tensor";
import { adaptiveInstanceNorm } from "./adaptive-instance-norm.ts";
import { upsampleBilinear } from "./bilinear.ts";
import { Equalized, equalized } from "./equalized.ts";
import { leaky } from "./leaky.ts";
import { ModulatedConv2d } from "./modulated-conv2d.ts";

/** A convolution whose channels a style sets. */
export interface StyledConvolution {
  /** x [batch, height, width, in], w [batch, latents], noise or none → [batch, height, width, out], after leaky relu. */
  forward(x: Tensor, w: Tensor, noise: Tensor | undefined): Tensor;
}

const affine = (key: Key, latents: number, to: number, bias: number): Equalized<Linear> =>
  new Equalized(new Linear(key, latents, to, { bias: false, init: equalized }), { bias });

/** StyleGAN2's: the style is in the weights (arXiv:1912.04958, figure 2 d). */
export class ModulatedLayer implements StyledConvolution {
  readonly affine: Equalized<Linear>;
  readonly conv: ModulatedConv2d;
  readonly strength: Variable;
  readonly bias: Variable;

  constructor(key: Key, latents: number, inChannels: number, outChannels: number) {
    this.affine = affine(foldIn(key, 0), latents, inChannels, 1);
    this.conv = new ModulatedConv2d(foldIn(key, 1), inChannels, outChannels, 3);
    this.strength = parameter(new Float32Array(1), []);
    this.bias = parameter(new Float32Array(outChannels), [outChannels]);
  }

  forward(x: Tensor, w: Tensor, noise: Tensor | undefined): Tensor {
    return tidy(() => {
      const h = this.conv.forward(x, this.affine.forward(w));
      return leaky(add(noise ? add(h, mul(this.strength, noise)) : h, this.bias));
    });
  }
}

/** StyleGAN's: convolution, noise, leaky relu, adaptive instance norm (arXiv:1812.04948, figure 1 b). */
export class InstanceNormLayer implements StyledConvolution {
  readonly affine: Equalized<Linear>;
  readonly conv: Equalized<Conv2d>;
  readonly strength: Variable;

  constructor(key: Key, latents: number, inChannels: number, outChannels: number) {
    this.affine = affine(foldIn(key, 0), latents, 2 * outChannels, 0);
    const options = { bias: false, init: equalized };
    this.conv = new Equalized(new Conv2d(foldIn(key, 1), inChannels, outChannels, 3, options));
    this.strength = parameter(new Float32Array(outChannels), [outChannels]);
  }

  forward(x: Tensor, w: Tensor, noise: Tensor | undefined): Tensor {
    return tidy(() => {
      const h = this.conv.forward(x);
      const mixed = leaky(noise ? add(h, mul(this.strength, noise)) : h);
      const [scale, shift] = splitTensor(this.affine.forward(w), 2, 1) as [Tensor, Tensor];
      return adaptiveInstanceNorm(mixed, add(1, scale), shift);
    });
  }
}

/** To colours: a convolution 1 × 1, its input channels scaled by a style, not demodulated. */
export class ToColours {
  readonly affine: Equalized<Linear>;
  readonly conv: ModulatedConv2d;
  readonly bias: Variable;

  constructor(key: Key, latents: number, inChannels: number, imageChannels: number) {
    this.affine = affine(foldIn(key, 0), latents, inChannels, 1);
    this.conv = new ModulatedConv2d(foldIn(key, 1), inChannels, imageChannels, 1, {
      demodulate: false,
    });
    this.bias = parameter(new Float32Array(imageChannels), [imageChannels]);
  }

  /** The image so far, twice as large, and what these features add to it. The caller disposes of the result. */
  forward(x: Tensor, w: Tensor, image: Tensor | undefined): Tensor {
    return tidy(() => {
      const colours = add(this.conv.forward(x, this.affine.forward(w)), this.bias);
      return image ? add(upsampleBilinear(image), colours) : colours;
    });
  }
}

/** Noise of one channel for a layer's output, or none without a key. */
export function pixelNoise(key: Key | undefined, x: Tensor, size: number): Tensor | undefined {
  return key && reshape(normal(key, [x.shape[0] as number, size, size]), [-1, size, size, 1]);
}
