import { cachedAttention } from "@gen/nn";
import { dispose, type Tensor, tidy, type Variable, variable, zeros } from "@gen/tensor";
import type { CausalTransformerConfig } from "./causal-transformer.ts";

/**
 * The keys and values of all tokens so far, for each block: variables [batch, heads, maxTokens, width / heads], which it
 * owns. What stands beyond the last token is not looked at: a sequence that begins anew at position 0 needs no other cache.
 */
export class KeyValueCache {
  readonly #blocks: readonly { keys: Variable; values: Variable }[];

  /** @param batch how many sequences there are */
  constructor({ maxTokens, width, depth, heads }: CausalTransformerConfig, batch: number) {
    const places = (): Variable =>
      tidy(() => variable(zeros([batch, heads, maxTokens, width / heads]), false));
    this.#blocks = Array.from({ length: depth }, () => ({ keys: places(), values: places() }));
  }

  /**
   * What one token attends to in a block, itself and all before it, after its key and value have taken their place.
   *
   * @param position int32 []
   * @param q [batch, heads, 1, width / heads], as k and v
   * @returns the shape of q; the caller disposes of it
   */
  attend(block: number, position: Tensor, q: Tensor, k: Tensor, v: Tensor): Tensor {
    return tidy(() => {
      const cache = this.#blocks[block]!;
      const { attended, keys, values } = cachedAttention({ q, k, v }, cache, position);
      cache.keys.assign(keys);
      cache.values.assign(values);
      return attended;
    });
  }

  dispose(): void {
    for (const { keys, values } of this.#blocks) dispose([keys, values]);
  }
}
