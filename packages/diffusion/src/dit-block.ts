import { geluTanh, init, LayerNorm, Linear, Mlp, MultiheadAttention } from "@gen/nn";
import { add, expandDims, type Key, mul, split, splitTensor, type Tensor, tidy } from "@gen/tensor";

/**
 * A transformer block with adaLN-Zero (Peebles and Xie 2022, arXiv:2212.09748, section 3.2): time and class scale and
 * shift both norms and gate both branches. The modulation starts at zero, and the block as the identity.
 */
export class DiTBlock {
  readonly norm1: LayerNorm;
  readonly attention: MultiheadAttention;
  readonly norm2: LayerNorm;
  readonly mlp: Mlp;
  /** [width] → shift, scale, gate of the attention, then of the perceptron. */
  readonly modulation: Linear;

  constructor(key: Key, width: number, heads: number) {
    const [attentionKey, mlpKey, modulationKey] = split(key, 3) as [Key, Key, Key];
    const { xavierUniform, zeros } = init;
    this.norm1 = new LayerNorm(width, { affine: false, epsilon: 1e-6 });
    this.attention = new MultiheadAttention(attentionKey, width, heads, { outInit: xavierUniform });
    this.norm2 = new LayerNorm(width, { affine: false, epsilon: 1e-6 });
    this.mlp = new Mlp(mlpKey, width, 4 * width, { activation: geluTanh, init: xavierUniform });
    this.modulation = new Linear(modulationKey, width, 6 * width, { init: zeros });
  }

  /**
   * @param x [batch, tokens, width]
   * @param condition [batch, width], after its silu
   * @returns the shape of x; the caller disposes of it
   */
  forward(x: Tensor, condition: Tensor): Tensor {
    return tidy(() => {
      const parts = splitTensor(this.modulation.forward(condition), 6, -1);
      const [shift1, scale1, gate1, shift2, scale2, gate2] = parts as Six;
      const attended = this.attention.forward(
        this.norm1.forward(x, { shift: shift1, scale: scale1 }),
      );
      const h = add(x, mul(expandDims(gate1, 1), attended));
      const mixed = this.mlp.forward(this.norm2.forward(h, { shift: shift2, scale: scale2 }));
      return add(h, mul(expandDims(gate2, 1), mixed));
    });
  }
}

type Six = [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
