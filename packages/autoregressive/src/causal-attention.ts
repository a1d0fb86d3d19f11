import { init, Linear } from "@gen/nn";
import { type Key, reshape, split, splitTensor, type Tensor, tidy, transpose } from "@gen/tensor";

/**
 * Self-attention of a transformer (Vaswani et al., arXiv:1706.03762, section 3.2.2): one projection to queries, keys
 * and values, one back. What a token sees is up to the caller: itself and others behind a mask, or a cache.
 */
export class CausalAttention {
  /** [width] → queries, keys, values. */
  readonly qkv: Linear;
  readonly proj: Linear;
  readonly heads: number;

  /**
   * @param outInit how the last projection starts
   * @param qkvInit how the first does
   */
  constructor(
    key: Key,
    width: number,
    heads: number,
    outInit: init.Init,
    qkvInit: init.Init = init.normal(0.02),
  ) {
    if (width % heads !== 0) {
      throw new Error(`CausalAttention: heads must divide the width ${width}, got ${heads}`);
    }
    const [inKey, outKey] = split(key, 2) as [Key, Key];
    this.qkv = new Linear(inKey, width, 3 * width, { init: qkvInit });
    this.proj = new Linear(outKey, width, width, { init: outInit });
    this.heads = heads;
  }

  /**
   * @param x [batch, tokens, width], or of one token [batch, width]
   * @param attend what the queries attend to: all three are [batch, heads, tokens, width / heads], and so is its result
   * @returns the shape of x; the caller disposes of it
   */
  forward(x: Tensor, attend: Attend): Tensor {
    return tidy(() => {
      const batch = x.shape[0]!;
      const tokens = x.rank === 2 ? 1 : x.shape[1]!;
      const parts = reshape(this.qkv.forward(x), [batch, tokens, 3 * this.heads, -1]);
      const [q, k, v] = splitTensor(transpose(parts, [0, 2, 1, 3]), 3, 1) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      const joined = transpose(attend(q, k, v), [0, 2, 1, 3]);
      return this.proj.forward(reshape(joined, x.shape));
    });
  }
}

export type Attend = (q: Tensor, k: Tensor, v: Tensor) => Tensor;
