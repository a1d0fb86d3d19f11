import type { Key, Tensor } from "@gen/tensor";
import { Conv2d } from "./conv2d.ts";

/** Halves height and width by a 3 × 3 convolution of stride 2 with one pixel of zeros on each side (ADM). */
export class Downsample {
  readonly conv: Conv2d;

  constructor(key: Key, channels: number, outChannels: number = channels) {
    this.conv = new Conv2d(key, channels, outChannels, 3, { stride: 2 });
  }

  /** x [batch, height, width, channels] → [batch, ⌈height/2⌉, ⌈width/2⌉, out]. The caller disposes of the result. */
  forward(x: Tensor): Tensor {
    return this.conv.forward(x);
  }
}
