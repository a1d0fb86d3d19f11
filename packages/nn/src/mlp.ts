import { type Key, split, type Tensor, tidy } from "@gen/tensor";
import { gelu } from "./gelu.ts";
import type { Init } from "./init.ts";
import { Linear, type LinearOptions } from "./linear.ts";

export interface MlpOptions extends LinearOptions {
  /** Between the two. Default `gelu`. */
  activation?: (x: Tensor) => Tensor;
  /** Default: as many as come in. */
  outFeatures?: number;
  /** How the second weight starts. Default: as `init`. */
  outInit?: Init;
}

/** Linear, activation, linear: the feed-forward part of a transformer block. Named as in timm: `fc1`, `fc2`. */
export class Mlp {
  readonly fc1: Linear;
  readonly fc2: Linear;
  readonly activation: (x: Tensor) => Tensor;

  constructor(key: Key, features: number, hiddenFeatures: number, options: MlpOptions = {}) {
    const [key1, key2] = split(key, 2) as [Key, Key];
    this.fc1 = new Linear(key1, features, hiddenFeatures, options);
    const last = options.outInit ? { ...options, init: options.outInit } : options;
    this.fc2 = new Linear(key2, hiddenFeatures, options.outFeatures ?? features, last);
    this.activation = options.activation ?? gelu;
  }

  /** x [..., features] → [..., outFeatures]. The caller disposes of the result. */
  forward(x: Tensor): Tensor {
    return tidy(() => this.fc2.forward(this.activation(this.fc1.forward(x))));
  }
}
