import { causalAttention, Embedding, init, LayerNorm } from "@gen/nn";
import {
  add,
  concat,
  foldIn,
  type Key,
  matMul,
  reshape,
  slice,
  type Tensor,
  tensor,
  tidy,
} from "@gen/tensor";
import type { KeyValueCache } from "./key-value-cache.ts";
import { TransformerBlock } from "./transformer-block.ts";

export interface CausalTransformerConfig {
  /** How many values a token has: 256 for grey levels. */
  readonly vocabulary: number;
  /** How many tokens a sequence has, at most. */
  readonly maxTokens: number;
  /** Features of a token, a multiple of `heads`. */
  readonly width: number;
  /** How many blocks. */
  readonly depth: number;
  readonly heads: number;
  /** Default 0: no labels. */
  readonly classes?: number;
}

/**
 * A GPT-like transformer over tokens, pixels among them (Radford et al. 2019; Chen et al. 2020, «Generative
 * pretraining from pixels»): learnt positions, pre-norm blocks, the table of tokens also as the last layer.
 *
 * The logits at place i follow from the tokens before i alone. In front of the first token stands a start token, one
 * for each class and one more for «no label»: rows of the same table.
 */
export class CausalTransformer {
  /** [vocabulary + classes + 1, width]. */
  readonly tokens: Embedding;
  /** [maxTokens, width]. */
  readonly positions: Embedding;
  readonly blocks: TransformerBlock[];
  readonly norm: LayerNorm;
  readonly config: CausalTransformerConfig;
  readonly classes: number;

  constructor(key: Key, config: CausalTransformerConfig) {
    const { vocabulary, maxTokens, width, depth, heads, classes = 0 } = config;
    const options = { init: init.normal(0.02) };
    this.tokens = new Embedding(foldIn(key, 0), vocabulary + classes + 1, width, options);
    this.positions = new Embedding(foldIn(key, 1), maxTokens, width, options);
    this.blocks = Array.from(
      { length: depth },
      (_, i) => new TransformerBlock(foldIn(key, i + 2), width, heads, depth),
    );
    this.norm = new LayerNorm(width);
    this.config = config;
    this.classes = classes;
  }

  /**
   * The logits of every token given those before it.
   *
   * @param tokens int32 [batch, n], n at most `maxTokens`, each in [0, vocabulary)
   * @param labels int32 [batch], each in [0, classes]; left out, no example has one
   * @returns [batch, n, vocabulary]; the caller disposes of it
   */
  forward(tokens: Tensor, labels?: Tensor): Tensor {
    const [batch, count] = tokens.shape as [number, number];
    if (tokens.rank !== 2 || tokens.dtype !== "int32" || count > this.config.maxTokens) {
      throw new Error(
        `CausalTransformer.forward: tokens must be int32 [batch, up to ${this.config.maxTokens}], got ` +
          `${tokens.dtype} [${tokens.shape.join(", ")}]`,
      );
    }
    return tidy(() => {
      const before = slice(tokens, [0, 0], [batch, count - 1]);
      const given = concat([reshape(this.start(batch, labels), [batch, 1]), before], 1);
      const positions = slice(this.positions.weight, [0, 0], [count, -1]);
      const h = this.blocks.reduce(
        (x, block) => block.forward(x, causalAttention),
        add(this.tokens.forward(given), positions),
      );
      return this.head(h);
    });
  }

  /**
   * The logits of one token, given the one before it and a cache of all earlier ones, to which it adds. Compiled with
   * `position` as an argument, one graph serves every position.
   *
   * @param token int32 [batch]: that of the position before, or at position 0 `start(batch, labels)`
   * @param position int32 []
   * @returns [batch, vocabulary]; the caller disposes of it
   */
  step(token: Tensor, position: Tensor, cache: KeyValueCache): Tensor {
    return tidy(() => {
      const x = add(this.tokens.forward(token), this.positions.forward(position));
      const h = this.blocks.reduce(
        (t, block, i) => block.forward(t, (q, k, v) => cache.attend(i, position, q, k, v)),
        x,
      );
      return this.head(h);
    });
  }

  /** The tokens that sequences start with: int32 [batch]. The caller disposes of it. */
  start(batch: number, labels?: Tensor): Tensor {
    if (labels && this.classes === 0) {
      throw new Error(
        "CausalTransformer: labels were given to a network made without classes; make it with `classes`",
      );
    }
    const { vocabulary } = this.config;
    return tidy(() =>
      labels
        ? add(labels, tensor(vocabulary, [], "int32"))
        : tensor(new Int32Array(batch).fill(vocabulary + this.classes), [batch], "int32"),
    );
  }

  /** [..., width] → logits of the vocabulary. */
  private head(h: Tensor): Tensor {
    const { vocabulary, width } = this.config;
    const table = slice(this.tokens.weight, [0, 0], [vocabulary, width]);
    const flat = reshape(this.norm.forward(h), [-1, width]);
    return reshape(matMul(flat, table, false, true), [...h.shape.slice(0, -1), vocabulary]);
  }
}
