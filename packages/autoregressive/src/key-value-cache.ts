import {
  add,
  cast,
  concat,
  dispose,
  equal,
  expandDims,
  floorDiv,
  keep,
  matMul,
  mod,
  mul,
  range,
  reshape,
  scalar,
  splitTensor,
  sub,
  type Tensor,
  tensor,
  tidy,
  transpose,
  type Variable,
  variable,
  zeros,
} from "@gen/tensor";
import type { Piece } from "./attend-to-pieces.ts";
import type { CausalTransformerConfig } from "./causal-transformer.ts";
import { maskBeyond } from "./mask-beyond.ts";

/** Keys [batch, heads, width / heads, tokens] and values [batch, heads, tokens, width / heads] that change no more. */
export type Past = { keys: Tensor; values: Tensor };

/** The same for tokens that are still to come, zeros in their places. */
type Places = { keys: Variable; values: Variable };

/** How many segments a sequence of full length has, at most: so many graphs are compiled. */
const SEGMENTS = 14;
/** Tokens of a page: few, because a step writes all of it. */
const PAGE = 8;

/**
 * The keys and values of all tokens so far, for each block, in three parts, so that a step writes little. It writes into
 * the page, places for the last few tokens. A page that is full goes to the segment, which steps read and do not write;
 * a segment that is full goes to `past`, which holds whole segments and grows by them. It owns all of them.
 */
export class KeyValueCache {
  /** Tokens of a segment. */
  readonly segment: number;
  /** Of all blocks, one after the other along the first axis: a step then has two outputs, not two for each block. */
  readonly #page: Places;
  readonly #segments: Places[];
  /** What the blocks of a step have written so far. */
  #written: Past[] = [];
  #past: Past[] = [];
  #tokens = 0;

  constructor({ maxTokens, width, depth, heads }: CausalTransformerConfig, batch: number) {
    this.segment = PAGE * Math.ceil(maxTokens / SEGMENTS / PAGE);
    const places = (rows: number, tokens: number): Places =>
      tidy(() => ({
        keys: variable(zeros([rows, heads, width / heads, tokens]), false),
        values: variable(zeros([rows, heads, tokens, width / heads]), false),
      }));
    this.#page = places(depth * batch, PAGE);
    this.#segments = Array.from({ length: depth }, () => places(batch, this.segment));
  }

  /** The whole segments, for each block; empty before the first is full. They stay the cache's. */
  get past(): readonly Past[] {
    return this.#past;
  }

  /**
   * Writes the key and the value of one token into the page. A step calls it for one block after the other, the first
   * to the last.
   *
   * @param position int32 []
   * @param past of this block, as `past` has it
   * @param token its key [batch, heads, width / heads, 1] and value [batch, heads, 1, width / heads]
   * @returns all that the token attends to
   */
  put(block: number, position: Tensor, past: Past | undefined, token: Past): Piece[] {
    const { segment } = this;
    const before = past?.keys.shape[3] ?? 0;
    const inSegment = sub(position, tensor(before, [], "int32"));
    const pageSize = tensor(PAGE, [], "int32");
    const slot = mod(inSegment, pageSize);
    // 1 at the token's place, where there is 0, else 0: ONNX Runtime chooses between tensors far slower than it adds.
    const here = cast(equal(range(0, PAGE, 1, "int32"), slot), "float32");
    const page = this.#pageOf(block);
    const written = {
      keys: add(page.keys, mul(token.keys, reshape(here, [1, 1, 1, PAGE]))),
      values: add(page.values, mul(token.values, reshape(here, [1, 1, PAGE, 1]))),
    };
    this.#write(block, written);
    const last = sub(mul(floorDiv(inSegment, pageSize), pageSize), tensor(1, [], "int32"));
    return [
      ...(past ? [past] : []),
      { ...(this.#segments[block] as Places), mask: maskBeyond(last, segment) },
      { ...written, mask: maskBeyond(slot, PAGE) },
    ];
  }

  /** Must follow each step: a page that is full goes to the segment, a segment that is full to the past. */
  advance(): void {
    this.#tokens++;
    if (this.#tokens % PAGE === 0) this.#turnPage();
    if (this.#tokens % this.segment === 0) this.#closeSegment();
  }

  /** Forgets all tokens. */
  clear(): void {
    dispose(this.#past);
    this.#past = [];
    this.#tokens = 0;
    dispose(this.#written);
    this.#written = [];
    empty([this.#page, ...this.#segments]);
  }

  dispose(): void {
    dispose([this.#past, this.#written, this.#page, this.#segments]);
  }

  #pageOf(block: number): Past {
    const parts = this.#segments.length;
    return {
      keys: splitTensor(this.#page.keys, parts)[block] as Tensor,
      values: splitTensor(this.#page.values, parts)[block] as Tensor,
    };
  }

  #write(block: number, written: Past): void {
    const { keys, values } = written;
    // Kept from the block's tidy, until the last block is there.
    this.#written[block] = { keys: keep(keys.clone()), values: keep(values.clone()) };
    if (block < this.#segments.length - 1) return;
    this.#page.keys.assign(concat(this.#written.map((each) => each.keys)));
    this.#page.values.assign(concat(this.#written.map((each) => each.values)));
    dispose(this.#written);
    this.#written = [];
  }

  #turnPage(): void {
    const { segment } = this;
    tidy(() => {
      const first = (this.#tokens - PAGE) % segment;
      const places = add(range(0, PAGE, 1, "int32"), scalar(first, "int32"));
      // [PAGE, segment]: 1 where a token of the page belongs.
      const rows = equal(expandDims(places, 1), expandDims(range(0, segment, 1, "int32"), 0));
      const to = cast(rows, "float32");
      const from = transpose(to);
      this.#segments.forEach(({ keys, values }, block) => {
        const page = this.#pageOf(block);
        keys.assign(add(keys, matMul(page.keys, to)));
        values.assign(add(values, matMul(from, page.values)));
      });
    });
    empty([this.#page]);
  }

  #closeSegment(): void {
    const old = this.#past;
    this.#past = this.#segments.map(({ keys, values }, block) => {
      const join = (before: Tensor | undefined, now: Tensor, axis: number): Tensor =>
        before ? concat([before, now], axis) : now.clone();
      return {
        keys: join(old[block]?.keys, keys, 3),
        values: join(old[block]?.values, values, 2),
      };
    });
    dispose(old);
    empty(this.#segments);
  }
}

function empty(all: readonly Places[]): void {
  tidy(() => {
    for (const { keys, values } of all) {
      keys.assign(zeros(keys.shape));
      values.assign(zeros(values.shape));
    }
  });
}
