import {
  dispose,
  equal,
  reshape,
  range,
  type Tensor,
  tidy,
  type Variable,
  variable,
  where,
  zeros,
} from "@gen/tensor";
import type { CausalTransformerConfig } from "./causal-transformer.ts";

/**
 * The keys and values of all tokens so far, for each block: variables [batch, heads, maxTokens, width / heads] of one
 * size for every position, so that one compiled graph reads and writes them. It owns them.
 */
export class KeyValueCache {
  readonly keys: Variable[];
  readonly values: Variable[];

  constructor({ maxTokens, width, depth, heads }: CausalTransformerConfig, batch: number) {
    const make = (): Variable[] =>
      Array.from({ length: depth }, () =>
        tidy(() => variable(zeros([batch, heads, maxTokens, width / heads]), false)),
      );
    this.keys = make();
    this.values = make();
  }

  /**
   * Writes the key and the value of one token, each [batch, heads, 1, width / heads].
   *
   * @param position int32 []
   * @returns the keys and values of all positions; what lies beyond `position` is old, and masked by who attends
   */
  put(block: number, position: Tensor, key: Tensor, value: Tensor): [Tensor, Tensor] {
    const write = (stored: Variable, one: Tensor): Tensor => {
      const tokens = stored.shape[2] as number;
      const here = reshape(equal(range(0, tokens, 1, "int32"), position), [1, 1, tokens, 1]);
      stored.assign(tidy(() => where(here, one, stored)));
      return stored;
    };
    return [write(this.keys[block] as Variable, key), write(this.values[block] as Variable, value)];
  }

  dispose(): void {
    dispose([...this.keys, ...this.values]);
  }
}
