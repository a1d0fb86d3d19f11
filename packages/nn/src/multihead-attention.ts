import {
  add,
  type Key,
  matMul,
  reshape,
  split,
  splitTensor,
  type Tensor,
  tidy,
  transpose,
  type Variable,
} from "@gen/tensor";
import { attention } from "./attention.ts";
import { expectPositive, expectShape } from "./check.ts";
import { type Init, kaimingUniform, xavierUniform, zeros } from "./init.ts";
import { Linear } from "./linear.ts";
import { parameter } from "./parameter.ts";
import type { TorchAxes } from "./torch.ts";

export interface MultiheadAttentionOptions {
  /** Features of the context. Where they differ from x's, there are three projections instead of one. */
  contextFeatures?: number;
  /** Whether the projections have a bias. Default true. */
  bias?: boolean;
  /** How the projections of queries, keys and values start. Default `xavierUniform`, as PyTorch's. */
  init?: Init;
  /** How the last projection starts. Default PyTorch's for a Linear; its bias starts at 0 in any case. */
  outInit?: Init;
}

/**
 * Multi-head self- and cross-attention (Vaswani et al., arXiv:1706.03762 §3.2.2), as
 * `torch.nn.MultiheadAttention(batch_first=True)`.
 *
 * `in_proj_weight` [features, 3·features]: queries, keys, values; `in_proj_bias` [3·features]; `out_proj`. Where the
 * context has other features: `q_proj_weight`, `k_proj_weight` and `v_proj_weight` [in, features].
 */
export class MultiheadAttention {
  static readonly torchAxes: TorchAxes = {
    in_proj_weight: [1, 0],
    q_proj_weight: [1, 0],
    k_proj_weight: [1, 0],
    v_proj_weight: [1, 0],
  };
  readonly in_proj_weight: Variable | undefined;
  readonly q_proj_weight: Variable | undefined;
  readonly k_proj_weight: Variable | undefined;
  readonly v_proj_weight: Variable | undefined;
  readonly in_proj_bias: Variable | undefined;
  readonly out_proj: Linear;
  readonly features: number;
  readonly contextFeatures: number;
  readonly heads: number;

  /** @param heads divides `features` */
  constructor(key: Key, features: number, heads: number, options: MultiheadAttentionOptions = {}) {
    expectPositive("MultiheadAttention", { features, heads });
    if (features % heads !== 0) {
      throw new Error(
        `MultiheadAttention: heads must divide the ${features} features, got ${heads}.`,
      );
    }
    const { contextFeatures = features, bias = true, init = xavierUniform } = options;
    const outInit = options.outInit ?? kaimingUniform;
    const [inKey, kKey, vKey, outKey] = split(key, 4) as [Key, Key, Key, Key];
    const project = (k: Key, from: number, to: number): Variable =>
      parameter(init(k, [from, to], { in: from, out: to }), [from, to]);

    const fused = contextFeatures === features;
    this.in_proj_weight = fused ? project(inKey, features, 3 * features) : undefined;
    this.q_proj_weight = fused ? undefined : project(inKey, features, features);
    this.k_proj_weight = fused ? undefined : project(kKey, contextFeatures, features);
    this.v_proj_weight = fused ? undefined : project(vKey, contextFeatures, features);
    this.in_proj_bias = bias
      ? parameter(new Float32Array(3 * features), [3 * features])
      : undefined;
    this.out_proj = new Linear(outKey, features, features, {
      bias,
      init: outInit,
      biasInit: zeros,
    });
    this.features = features;
    this.contextFeatures = contextFeatures;
    this.heads = heads;
  }

  /**
   * @param x [batch, queries, features]
   * @param context [batch, keys, contextFeatures] to attend to; x itself where it is left out
   * @param mask added to the scores: broadcastable to [batch, heads, queries, keys]; a large negative number hides a key
   * @returns [batch, queries, features]; the caller disposes of it
   */
  forward(x: Tensor, context: Tensor = x, mask?: Tensor): Tensor {
    expectShape("MultiheadAttention.forward", x, "batch, tokens, features", 3, this.features);
    expectShape(
      "MultiheadAttention.forward (context)",
      context,
      "batch, tokens, features",
      3,
      this.contextFeatures,
    );
    return tidy(() => {
      const [q, k, v] =
        context === x && this.in_proj_weight ? this.fromOne(x) : this.fromTwo(x, context);
      const joined = transpose(attention(q, k, v, mask), [0, 2, 1, 3]);
      return this.out_proj.forward(reshape(joined, x.shape));
    });
  }

  /** Queries, keys and values by one product and one transposition. */
  private fromOne(x: Tensor): [Tensor, Tensor, Tensor] {
    const all = this.splitHeads(
      x,
      this.in_proj_weight as Tensor,
      this.in_proj_bias,
      3 * this.heads,
    );
    return splitTensor(all, 3, 1) as [Tensor, Tensor, Tensor];
  }

  private fromTwo(x: Tensor, context: Tensor): [Tensor, Tensor, Tensor] {
    const weights = this.in_proj_weight
      ? splitTensor(this.in_proj_weight, 3, 1)
      : ([this.q_proj_weight, this.k_proj_weight, this.v_proj_weight] as Tensor[]);
    const biases = this.in_proj_bias ? splitTensor(this.in_proj_bias, 3) : [];
    const from = [x, context, context];
    return from.map((t, i) => this.splitHeads(t, weights[i] as Tensor, biases[i], this.heads)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
  }

  /** [batch, tokens, in] → [batch, heads, tokens, features per head] */
  private splitHeads(x: Tensor, weight: Tensor, bias: Tensor | undefined, heads: number): Tensor {
    const [batch, tokens, inFeatures] = x.shape as [number, number, number];
    const product = matMul(reshape(x, [batch * tokens, inFeatures]), weight);
    const projected = bias ? add(product, bias) : product;
    return transpose(reshape(projected, [batch, tokens, heads, -1]), [0, 2, 1, 3]);
  }
}
