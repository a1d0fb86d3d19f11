import { geluTanh, init, LayerNorm, Mlp } from "@gen/nn";
import { add, type Key, split, type Tensor, tidy } from "@gen/tensor";
import { type Attend, CausalAttention } from "./causal-attention.ts";

/**
 * A transformer block as GPT-2's (Radford et al. 2019, section 2.3): norms before attention and perceptron, gelu in
 * its tanh form, hidden layer four times as wide.
 */
export class TransformerBlock {
  readonly norm1: LayerNorm;
  readonly attention: CausalAttention;
  readonly norm2: LayerNorm;
  readonly mlp: Mlp;

  /**
   * @param depth how many blocks there are: the last layers of both branches start smaller by 1/√(2·depth)
   * @param start how the weights start. Default GPT-2's, which is for a width near 1,000
   */
  constructor(
    key: Key,
    width: number,
    heads: number,
    depth: number,
    start: init.Init = init.normal(0.02),
  ) {
    const [attentionKey, mlpKey] = split(key, 2) as [Key, Key];
    const small = init.scaled(start, 1 / Math.sqrt(2 * depth));
    this.norm1 = new LayerNorm(width);
    this.attention = new CausalAttention(attentionKey, width, heads, small, start);
    this.norm2 = new LayerNorm(width);
    this.mlp = new Mlp(mlpKey, width, 4 * width, {
      activation: geluTanh,
      init: start,
      outInit: small,
    });
  }

  /** x [batch, tokens, width], or of one token [batch, width] → the same shape, as `CausalAttention.forward`. The caller disposes of the result. */
  forward(x: Tensor, attend: Attend): Tensor {
    return tidy(() => {
      const h = add(x, this.attention.forward(this.norm1.forward(x), attend));
      return add(h, this.mlp.forward(this.norm2.forward(h)));
    });
  }
}
