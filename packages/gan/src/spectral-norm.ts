import { type Mode, parameter } from "@gen/nn";
import {
  add,
  div,
  type Key,
  matMul,
  normalArray,
  norm,
  reshape,
  stopGradient,
  sum,
  mul,
  type Tensor,
  tidy,
  type Variable,
} from "@gen/tensor";

/** A layer that is linear in its weight, [..., out], and has no bias: `Linear`, `Conv2d`. */
export interface LinearMap {
  readonly weight: Variable;
  readonly bias: Variable | undefined;
  forward(x: Tensor): Tensor;
}

/**
 * Spectral normalisation (Miyato et al. 2018, arXiv:1802.05957, algorithm 1): a layer with its weight divided by its
 * largest singular value, as a matrix [everything else, out]. One power iteration at each training step finds it, from
 * the vector `u` [out] that is kept with the model; gradients flow through the weight, not through the vectors.
 *
 * The layer is linear in its weight, so its output is divided instead, and the bias, [out], is this one's own.
 */
export class SpectralNorm<Layer extends LinearMap> {
  readonly layer: Layer;
  readonly bias: Variable | undefined;
  readonly u: Variable;

  /**
   * @param layer made with `bias: false`; it becomes part of this one
   * @param options `bias`: whether one is added; default true
   */
  constructor(key: Key, layer: Layer, { bias = true }: { bias?: boolean } = {}) {
    if (layer.bias) {
      throw new Error(
        "SpectralNorm: the layer must be made with bias: false; this one has its own",
      );
    }
    const out = layer.weight.shape.at(-1) as number;
    this.layer = layer;
    this.bias = bias ? parameter(new Float32Array(out), [out]) : undefined;
    this.u = parameter(unit(normalArray(key, out)), [out], false);
  }

  /**
   * @param mode in training, `u` is moved by the power iteration
   * @returns what the layer gives; the caller disposes of it
   */
  forward(x: Tensor, mode: Mode = "inference"): Tensor {
    return tidy(() => {
      const result = div(this.layer.forward(x), this.sigma(mode));
      return this.bias ? add(result, this.bias) : result;
    });
  }

  /** The largest singular value, by one power iteration. The caller disposes of it. */
  sigma(mode: Mode = "inference"): Tensor {
    return tidy(() => {
      const matrix = reshape(this.layer.weight, [-1, this.u.size]);
      const constant = stopGradient(matrix);
      const v = normalized(matMul(constant, reshape(this.u, [-1, 1])));
      const u = normalized(matMul(constant, v, true));
      if (mode === "training") this.u.assign(reshape(u, [-1]));
      return sum(mul(matMul(matrix, stopGradient(v), true), stopGradient(u)));
    });
  }
}

const normalized = (v: Tensor): Tensor => div(v, add(norm(v), 1e-12));

function unit(v: Float32Array): Float32Array {
  const length = Math.hypot(...v);
  return v.map((n) => n / length);
}
