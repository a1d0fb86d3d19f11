import { type Key, type Tensor, tidy } from "@gen/tensor";
import { Conv2d } from "./conv2d.ts";
import { upsampleNearest } from "./resize.ts";

/** Doubles height and width, then convolves 3 × 3 (DDPM, arXiv:2006.11239). */
export class Upsample {
  readonly conv: Conv2d;

  constructor(key: Key, channels: number, outChannels: number = channels) {
    this.conv = new Conv2d(key, channels, outChannels, 3);
  }

  /** x [batch, height, width, channels] → [batch, 2·height, 2·width, out]. The caller disposes of the result. */
  forward(x: Tensor): Tensor {
    return tidy(() => this.conv.forward(upsampleNearest(x)));
  }
}
