import { attention, Embedding, init, LayerNorm, Linear } from "@gen/nn";
import {
  add,
  concat,
  foldIn,
  gather,
  type Key,
  reshape,
  slice,
  type Tensor,
  tensor,
  tidy,
  tile,
} from "@gen/tensor";
import type { AutoregressiveModel } from "./autoregressive-loss.ts";
import { expectLabels } from "./expect-labels.ts";
import { TransformerBlock } from "./transformer-block.ts";

export interface NextScaleTransformerConfig {
  /** How many values a token has. */
  readonly vocabulary: number;
  /** The sides of the token maps, smallest first: [1, 2, 4] are maps of 1, 4 and 16 tokens. */
  readonly scales: readonly number[];
  /** Features of a token, a multiple of `heads`. */
  readonly width: number;
  /** How many blocks. */
  readonly depth: number;
  readonly heads: number;
  /** Default 0: no labels. */
  readonly classes?: number;
}

/**
 * Next-scale prediction (VAR, Tian et al. 2024, arXiv:2404.02905) in small: an image is token maps of growing size, and
 * all tokens of a map are predicted at once from the maps before it, so a sample takes as many passes as there are
 * scales. The place of a token is fed the token at the same place of the map before; attention reaches all earlier maps.
 * The paper feeds the sum of all earlier maps of a residual quantiser, and the label to every norm instead of in front.
 *
 * Tokens are the maps in a row, smallest first, each row by row: int32 [batch, Σ side²].
 */
export class NextScaleTransformer implements AutoregressiveModel {
  /** [vocabulary + classes + 1, width]: tokens, and starts. */
  readonly tokens: Embedding;
  /** [Σ side², width]. */
  readonly positions: Embedding;
  readonly blocks: TransformerBlock[];
  readonly norm: LayerNorm;
  readonly head: Linear;
  readonly config: NextScaleTransformerConfig;
  readonly classes: number;
  /** For each place of the second and later maps, where its token comes from. */
  readonly from: Int32Array;
  /** 0 where a place sees another, −10⁹ where not. */
  readonly mask: Float32Array;

  /** @throws if the scales do not grow from a positive whole number */
  constructor(key: Key, config: NextScaleTransformerConfig) {
    const { vocabulary, scales, width, depth, heads, classes = 0 } = config;
    if (
      scales.length === 0 ||
      scales.some((s, i) => !(Number.isInteger(s) && s > (scales[i - 1] ?? 0)))
    ) {
      throw new Error(
        `NextScaleTransformer: scales must be whole numbers that grow, got [${scales.join(", ")}]`,
      );
    }
    const scaleOf = scales.flatMap((side, i) => Array.from({ length: side * side }, () => i));
    const options = { init: init.normal(0.02) };
    this.tokens = new Embedding(foldIn(key, 0), vocabulary + classes + 1, width, options);
    this.positions = new Embedding(foldIn(key, 1), scaleOf.length, width, options);
    this.head = new Linear(foldIn(key, 2), width, vocabulary, options);
    this.blocks = Array.from(
      { length: depth },
      (_, i) => new TransformerBlock(foldIn(key, i + 3), width, heads, depth),
    );
    this.norm = new LayerNorm(width);
    this.config = config;
    this.classes = classes;
    this.from = sources(scales);
    this.mask = Float32Array.from(
      scaleOf.flatMap((own) => scaleOf.map((other) => (other <= own ? 0 : -1e9))),
    );
  }

  /** How many tokens each map and those before it have. */
  get ends(): number[] {
    let end = 0;
    return this.config.scales.map((side) => (end += side * side));
  }

  /**
   * The logits of every token given the maps before its own.
   *
   * @param tokens int32 [batch, Σ side²]
   * @param labels int32 [batch], for a network with classes, each in [0, classes]; `classes` says «no label»
   * @returns [batch, Σ side², vocabulary]; the caller disposes of it
   */
  forward(tokens: Tensor, labels?: Tensor): Tensor {
    const name = "NextScaleTransformer.forward";
    const { vocabulary, scales, width } = this.config;
    const [batch, count] = [tokens.shape[0] as number, this.ends.at(-1) as number];
    if (tokens.rank !== 2 || tokens.dtype !== "int32" || tokens.shape[1] !== count) {
      throw new Error(
        `${name}: tokens must be int32 [batch, ${count}], got ${tokens.dtype} [${tokens.shape.join(", ")}]`,
      );
    }
    expectLabels(name, this.classes, batch, labels);
    return tidy(() => {
      const first = labels
        ? add(labels, tensor(vocabulary, [], "int32"))
        : tensor(new Int32Array(batch).fill(vocabulary), [batch], "int32");
      const smallest = (scales[0] as number) ** 2;
      const starts = tile(reshape(first, [-1, 1]), [1, smallest]);
      const from = tensor(this.from, [this.from.length], "int32");
      const given = scales.length > 1 ? concat([starts, gather(tokens, from, 1)], 1) : starts;
      const mask = tensor(this.mask, [1, 1, count, count]);
      const h = this.blocks.reduce(
        (x, block) => block.forward(x, (q, k, v) => attention(q, k, v, mask)),
        add(this.tokens.forward(given), slice(this.positions.weight, [0, 0], [count, width])),
      );
      return this.head.forward(this.norm.forward(h));
    });
  }
}

/** The nearest place of the map before, for each place of the second and later maps. */
function sources(scales: readonly number[]): Int32Array {
  const from: number[] = [];
  let start = 0;
  for (const [i, side] of scales.slice(1).entries()) {
    const before = scales[i] as number;
    const nearest = (j: number): number => Math.floor((j * before) / side);
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        from.push(start + nearest(row) * before + nearest(column));
      }
    }
    start += before * before;
  }
  return Int32Array.from(from);
}
