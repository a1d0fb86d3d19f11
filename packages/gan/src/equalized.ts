import { type Init, init, parameter } from "@gen/nn";
import { add, mul, type Tensor, tidy, type Variable } from "@gen/tensor";
import type { LinearMap } from "./spectral-norm.ts";

export interface EqualizedOptions {
  /** How many times faster than the others the layer learns; 1. StyleGAN's mapping network takes 0.01. */
  readonly learningRate?: number;
  /** What the bias starts as; 0. */
  readonly bias?: number;
}

/** How the weight of a layer that is to be equalised starts: standard normal, its size in the constant. */
export const equalized: Init = init.normal(1);

/**
 * Equalised learning rate (Karras et al. 2018, arXiv:1710.10196, section 4.1): the weight is standard normal, and its
 * He constant 1/√fanIn is applied at each pass, so that Adam moves all layers at one pace.
 */
export class Equalized<Layer extends LinearMap> {
  readonly layer: Layer;
  readonly bias: Variable;
  readonly gain: number;
  readonly learningRate: number;

  /** @param layer made with `{ bias: false, init: equalized }`; it becomes part of this one */
  constructor(layer: Layer, { learningRate = 1, bias = 0 }: EqualizedOptions = {}) {
    if (layer.bias) {
      throw new Error("Equalized: the layer must be made with bias: false; this one has its own");
    }
    const { shape, size } = layer.weight;
    const out = shape.at(-1) as number;
    this.layer = layer;
    this.bias = parameter(new Float32Array(out).fill(bias / learningRate), [out]);
    this.gain = learningRate / Math.sqrt(size / out);
    this.learningRate = learningRate;
    if (learningRate !== 1) {
      const wider = mul(layer.weight, 1 / learningRate);
      layer.weight.assign(wider);
      wider.dispose();
    }
  }

  /** The layer's output, scaled, with the bias. The caller disposes of it. */
  forward(x: Tensor): Tensor {
    return tidy(() =>
      add(mul(this.layer.forward(x), this.gain), mul(this.bias, this.learningRate)),
    );
  }
}
