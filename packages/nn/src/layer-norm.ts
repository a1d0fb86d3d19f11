import { add, mul, reshape, type Tensor, tidy, type Variable } from "@gen/tensor";
import { expectLast, expectPositive } from "./check.ts";
import { gainAndOffset, type Modulation } from "./modulation.ts";
import { parameter } from "./parameter.ts";
import { affineStandardized, standardized } from "./standardized.ts";

export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5 (DiT: 1e-6). */
  epsilon?: number;
  /** Whether there are a weight and a bias per feature. Default true. */
  affine?: boolean;
}

/**
 * Layer normalisation over the last axis (Ba et al., arXiv:1607.06450), as `torch.nn.LayerNorm`. `weight`, `bias`
 * [features]. The variance is the mean of squared deviations: exact to rounding for any mean.
 */
export class LayerNorm {
  readonly weight: Variable | undefined;
  readonly bias: Variable | undefined;
  readonly features: number;
  readonly epsilon: number;

  constructor(features: number, options: LayerNormOptions = {}) {
    expectPositive("LayerNorm", { features });
    const affine = options.affine ?? true;
    this.weight = affine ? parameter(new Float32Array(features).fill(1), [features]) : undefined;
    this.bias = affine ? parameter(new Float32Array(features), [features]) : undefined;
    this.features = features;
    this.epsilon = options.epsilon ?? 1e-5;
  }

  /**
   * x [batch, ..., features] → the same shape.
   *
   * @param modulation adaptive layer normalisation (DiT, arXiv:2212.09748 §3.2)
   * @returns the caller disposes of it
   */
  forward(x: Tensor, modulation?: Modulation): Tensor {
    expectLast("LayerNorm.forward", x, this.features);
    return tidy(() => {
      const { weight, bias, epsilon } = this;
      if (weight && bias && !modulation) return affineStandardized(x, weight, bias, epsilon);
      const normalised = standardized(x, epsilon);
      const { gain, offset } = gainAndOffset(weight, bias, modulation);
      // [batch, features] → [batch, 1, ..., features]
      const spread = (t: Tensor): Tensor =>
        t.rank === 1
          ? t
          : reshape(t, [t.shape[0] as number, ...x.shape.slice(1, -1).map(() => 1), this.features]);
      const scaled = gain ? mul(normalised, spread(gain)) : normalised;
      return offset ? add(scaled, spread(offset)) : scaled;
    });
  }
}
