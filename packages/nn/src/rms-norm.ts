import { add, mul, rsqrt, type Tensor, tidy, type Variable } from "@gen/tensor";
import { expectLast, expectPositive } from "./check.ts";
import { parameter } from "./parameter.ts";
import { meanSquare } from "./statistics.ts";

export interface RMSNormOptions {
  /** Added to the mean square. Default 2⁻²³, as PyTorch's for float32. */
  epsilon?: number;
  /** Whether there is a weight per feature. Default true. */
  affine?: boolean;
}

/**
 * Root-mean-square normalisation over the last axis (Zhang and Sennrich, arXiv:1910.07467), as `torch.nn.RMSNorm`.
 * `weight` [features].
 */
export class RMSNorm {
  readonly weight: Variable | undefined;
  readonly features: number;
  readonly epsilon: number;

  constructor(features: number, options: RMSNormOptions = {}) {
    expectPositive("RMSNorm", { features });
    const affine = options.affine ?? true;
    this.weight = affine ? parameter(new Float32Array(features).fill(1), [features]) : undefined;
    this.features = features;
    this.epsilon = options.epsilon ?? 2 ** -23;
  }

  /** x [..., features] → the same shape. The caller disposes of the result. */
  forward(x: Tensor): Tensor {
    expectLast("RMSNorm.forward", x, this.features);
    return tidy(() => {
      const normalised = mul(x, rsqrt(add(meanSquare(x), this.epsilon)));
      return this.weight ? mul(normalised, this.weight) : normalised;
    });
  }
}
