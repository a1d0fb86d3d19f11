import { type Init, Linear } from "@gen/nn";
import { add, type Key, matMul, mul, type Tensor, tensor, tidy } from "@gen/tensor";

/**
 * A linear layer in which output j sees input i only where degree(i) ≤ degree(j), or < for the last layer of a network
 * (Germain et al. 2015, arXiv:1502.03509, eq. 12 and 13: MADE).
 */
export class MaskedLinear {
  readonly linear: Linear;
  /** Row by row, [in · out]. */
  readonly mask: Float32Array;

  constructor(
    key: Key,
    from: readonly number[],
    to: readonly number[],
    { strict, init }: { strict: boolean; init?: Init },
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
