import { add, type Key, matMul, mul, type Tensor, tensor, tidy } from "@gen/tensor";
import type { Init } from "./init.ts";
import { Linear } from "./linear.ts";

export interface MaskedLinearOptions {
  /** Whether an output sees only inputs of a lower degree, as the last layer of a network does, or equal ones too. */
  strict: boolean;
  /** How the weight starts. Default `kaimingUniform`, as PyTorch's. */
  init?: Init;
}

/**
 * A linear layer in which output j sees input i only where degree(i) ≤ degree(j), or < if strict (Germain et al. 2015,
 * arXiv:1502.03509, eq. 12 and 13: MADE).
 */
export class MaskedLinear {
  readonly linear: Linear;
  /** Row by row, [in · out]. */
  readonly mask: Float32Array;

  /**
   * @param from the degrees of the inputs
   * @param to the degrees of the outputs
   */
  constructor(
    key: Key,
    from: readonly number[],
    to: readonly number[],
    { strict, init }: MaskedLinearOptions,
  ) {
    this.linear = new Linear(key, from.length, to.length, init ? { init } : {});
    this.mask = Float32Array.from(
      from.flatMap((a) => to.map((b) => ((strict ? a < b : a <= b) ? 1 : 0))),
    );
  }

  /** x [batch, in] → [batch, out]. The caller disposes of the result. */
  forward(x: Tensor): Tensor {
    return tidy(() => {
      const { weight, bias } = this.linear;
      const product = matMul(x, mul(weight, tensor(this.mask, weight.shape)));
      return bias ? add(product, bias) : product;
    });
  }
}
