import {
  add,
  cast,
  concat,
  dispose,
  equal,
  mul,
  range,
  reshape,
  sub,
  type Tensor,
  tensor,
  tidy,
  type Variable,
  variable,
  zeros,
} from "@gen/tensor";
import type { Piece } from "./attend-to-pieces.ts";
import type { CausalTransformerConfig } from "./causal-transformer.ts";
import { maskBeyond } from "./mask-beyond.ts";

/** Keys [batch, heads, width / heads, tokens] and values [batch, heads, tokens, width / heads] that change no more. */
export type Past = { keys: Tensor; values: Tensor };

/** How many segments a sequence of full length has: so many graphs are compiled. */
const SEGMENTS = 14;

/**
 * The keys and values of all tokens so far, for each block, in two parts. `past` holds whole segments of tokens: it is
 * read at every step and grows when a segment is full. The segment of now is variables of one size, into which a step
 * writes; what it writes anew is a small part of all. It owns all of them.
 */
export class KeyValueCache {
  /** Tokens of a segment. */
  readonly segment: number;
  readonly #now: { keys: Variable; values: Variable }[];
  #past: Past[] = [];
  #tokens = 0;

  constructor({ maxTokens, width, depth, heads }: CausalTransformerConfig, batch: number) {
    this.segment = Math.ceil(maxTokens / SEGMENTS);
    const make = (shape: number[]): Variable =>
      tidy(() => variable(zeros([batch, heads, ...shape]), false));
    this.#now = Array.from({ length: depth }, () => ({
      keys: make([width / heads, this.segment]),
      values: make([this.segment, width / heads]),
    }));
  }

  /** The whole segments, for each block; empty before the first is full. They stay the cache's. */
  get past(): readonly Past[] {
    return this.#past;
  }

  /**
   * Writes the key and the value of one token into the segment of now.
   *
   * @param position int32 []
   * @param past of this block, as `past` has it
   * @param token its key [batch, heads, width / heads, 1] and value [batch, heads, 1, width / heads]
   * @returns all that the token attends to
   */
  put(block: number, position: Tensor, past: Past | undefined, token: Past): Piece[] {
    const { segment } = this;
    const before = past?.keys.shape[3] ?? 0;
    const slot = sub(position, tensor(before, [], "int32"));
    // 1 at the token's place, else 0. ONNX Runtime chooses between two tensors ten times slower than it adds them.
    const here = cast(equal(range(0, segment, 1, "int32"), slot), "float32");
    const { keys, values } = this.#now[block]!;
    const written = (old: Tensor, value: Tensor, shape: number[]): Tensor => {
      const at = reshape(here, shape);
      return add(mul(old, sub(1, at)), mul(value, at));
    };
    keys.assign(written(keys, token.keys, [1, 1, 1, segment]));
    values.assign(written(values, token.values, [1, 1, segment, 1]));
    const now = { keys, values, mask: maskBeyond(slot, segment) };
    return past ? [past, now] : [now];
  }

  /** Must follow each step: a segment that is full goes to the past. */
  advance(): void {
    this.#tokens++;
    if (this.#tokens % this.segment !== 0) return;
    const old = this.#past;
    this.#past = this.#now.map(({ keys, values }, block) => {
      const join = (before: Tensor | undefined, now: Tensor, axis: number): Tensor =>
        before ? concat([before, now], axis) : now.clone();
      return {
        keys: join(old[block]?.keys, keys, 3),
        values: join(old[block]?.values, values, 2),
      };
    });
    dispose(old);
  }

  /** Forgets all tokens. */
  clear(): void {
    dispose(this.#past);
    this.#past = [];
    this.#tokens = 0;
  }

  dispose(): void {
    this.clear();
    dispose(this.#now);
  }
}
