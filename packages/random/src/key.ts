import { threefry } from "./threefry.ts";

/**
 * A key for counter-based random numbers: 64 bits, immutable. Equal keys give equal numbers, on every backend.
 * Never use one key for two draws: `split` it, or `foldIn` a counter.
 */
export class Key {
  /** The high and the low 32 bits, as unsigned integers. */
  readonly hi: number;
  readonly lo: number;
  /**
   * Set while a function is being compiled: how this key follows from the keys of the call, so that a replay draws
   * fresh numbers.
   */
  readonly origin: KeyOrigin | undefined;

  constructor(hi: number, lo: number, origin?: KeyOrigin) {
    this.hi = hi >>> 0;
    this.lo = lo >>> 0;
    this.origin = origin;
  }

  /** The two words, as JAX's `key_data`. */
  toJSON(): [hi: number, lo: number] {
    return [this.hi, this.lo];
  }
}

/** Recomputes a key from the keys that a compiled function is called with. */
export type KeyOrigin = (callKeys: readonly Key[]) => Key;

/**
 * The key of a seed, bit-equal to `jax.random.key(seed)`.
 *
 * @param seed an integer in [0, 2^53)
 */
export function key(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new Error(`key: seed must be an integer in [0, 2^53), got ${seed}`);
  }
  return new Key(Math.floor(seed / 2 ** 32), seed >>> 0);
}

/**
 * The key that `JSON.parse(JSON.stringify(key))` describes.
 *
 * @param words its high and low 32 bits, integers in [0, 2^32)
 */
export function keyFromJSON(words: readonly [hi: number, lo: number]): Key {
  if (!Array.isArray(words) || words.length !== 2 || !words.every(isWord)) {
    throw new Error(
      `keyFromJSON: expected two integers in [0, 2^32), got ${JSON.stringify(words)}`,
    );
  }
  return new Key(words[0], words[1]);
}

// The key that a counter makes of its parent.
function derive(parent: Key, counter: number): Key {
  const hi = new Uint32Array(1);
  const lo = new Uint32Array(1);
  threefry(parent.hi, parent.lo, counter, hi, lo);
  const parentOrigin = parent.origin;
  return new Key(
    hi[0] as number,
    lo[0] as number,
    parentOrigin && ((callKeys) => derive(parentOrigin(callKeys), counter)),
  );
}

function isWord(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32;
}

/**
 * `count` new independent keys, bit-equal to `jax.random.split` (with JAX's default, partitionable Threefry).
 *
 * @param count how many, at least 1
 */
export function split(parent: Key, count?: 2): [Key, Key];
export function split(parent: Key, count: 3): [Key, Key, Key];
export function split(parent: Key, count: 4): [Key, Key, Key, Key];
export function split(parent: Key, count: number): Key[];
export function split(parent: Key, count = 2): Key[] {
  if (!Number.isInteger(count) || count < 1) {
    throw new Error(`split: count must be a positive integer, got ${count}`);
  }
  return Array.from({ length: count }, (_, i) => derive(parent, i));
}

/**
 * A new key for a counter or an identifier, bit-equal to `jax.random.fold_in`.
 *
 * @param data an integer in [0, 2^32)
 */
export function foldIn(parent: Key, data: number): Key {
  if (!isWord(data)) {
    throw new Error(`foldIn: data must be an integer in [0, 2^32), got ${data}`);
  }
  return derive(parent, data);
}
