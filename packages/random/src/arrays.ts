import { erf, erfInv } from "./error-function.ts";
import type { Key } from "./key.ts";
import { threefry } from "./threefry.ts";

/**
 * Random 32-bit words, bit-equal to `jax.random.bits(key, (count,))` (JAX's default, partitionable Threefry).
 *
 * @param count how many words, an integer ≥ 0
 */
export function bits(key: Key, count: number): Uint32Array {
  return words("bits", key, count);
}

/**
 * Numbers uniform in [low, high), in float32 with 23 random bits each, as `jax.random.uniform`. (As there, rounding
 * can reach `high` itself where the interval lies far from 0.)
 *
 * @param count how many numbers, an integer ≥ 0
 * @param low finite, below `high`
 * @param high finite
 */
export function uniformArray(key: Key, count: number, low = 0, high = 1): Float32Array {
  if (!(low < high) || !Number.isFinite(high - low)) {
    throw new Error(
      `uniformArray: low and high must be finite numbers with low < high, got ${low} and ${high}`,
    );
  }
  return uniform(words("uniformArray", key, count), low, high);
}

/**
 * Standard normal numbers, √2·erf⁻¹(u) of uniform u in (-1, 1), as `jax.random.normal`.
 *
 * @param count how many numbers, an integer ≥ 0
 */
export function normalArray(key: Key, count: number): Float32Array {
  const random = words("normalArray", key, count);
  const numbers = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const u = Math.fround(((random[i] as number) >>> 9) * 2 ** -22 + MINUS_ONE);
    numbers[i] = Math.SQRT2 * erfInv(u);
  }
  return numbers;
}

// The float32 number next to -1, towards 0: the open end of the uniform draw behind a normal one.
const MINUS_ONE = -1 + 2 ** -24;

/**
 * Normal numbers truncated to (low, high), as `jax.random.truncated_normal`. As there, single precision makes bounds
 * that are both beyond ±5 on one side too coarse to use.
 *
 * @param count how many numbers, an integer ≥ 0
 * @param low below `high`; may be -Infinity
 * @param high may be Infinity
 */
export function truncatedNormalArray(
  key: Key,
  count: number,
  low: number,
  high: number,
): Float32Array {
  if (!(low < high)) {
    throw new Error(`truncatedNormalArray: low must be below high, got ${low} and ${high}`);
  }
  const random = words("truncatedNormalArray", key, count);
  const numbers = uniform(random, erf(low / Math.SQRT2), erf(high / Math.SQRT2));
  const lowest = nextFloat(low, 1);
  const highest = nextFloat(high, -1);
  for (let i = 0; i < count; i++) {
    const value = Math.SQRT2 * erfInv(numbers[i] as number);
    numbers[i] = Math.min(highest, Math.max(lowest, value));
  }
  return numbers;
}

/**
 * Standard Gumbel numbers, -log(-log(u)), as `jax.random.gumbel`.
 *
 * @param count how many numbers, an integer ≥ 0
 */
export function gumbelArray(key: Key, count: number): Float32Array {
  const numbers = uniform(words("gumbelArray", key, count), 2 ** -126, 1);
  for (let i = 0; i < count; i++) numbers[i] = -Math.log(-Math.log(numbers[i] as number));
  return numbers;
}

/**
 * A random order of 0 … count-1 (Fisher–Yates). Its numbers are ours, not JAX's.
 *
 * @param count how many, an integer ≥ 0
 */
export function permutation(key: Key, count: number): Int32Array {
  const random = words("permutation", key, count);
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(((random[i] as number) / 2 ** 32) * (i + 1));
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
  return order;
}

function words(caller: string, key: Key, count: number): Uint32Array {
  if (!Number.isInteger(count) || count < 0 || count >= 2 ** 32) {
    throw new Error(`${caller}: count must be an integer in [0, 2^32), got ${count}`);
  }
  const random = new Uint32Array(count);
  threefry(key.hi, key.lo, 0, random);
  return random;
}

// Every step rounded to float32, so that the numbers are JAX's.
function uniform(random: Uint32Array, low: number, high: number): Float32Array {
  const numbers = new Float32Array(random.length);
  const start = Math.fround(low);
  const range = Math.fround(Math.fround(high) - start);
  for (let i = 0; i < numbers.length; i++) {
    const unit = ((random[i] as number) >>> 9) * 2 ** -23;
    numbers[i] = Math.max(start, Math.fround(unit * range) + start);
  }
  return numbers;
}

// The float32 number next to x, upwards or downwards.
function nextFloat(x: number, direction: 1 | -1): number {
  const float = new Float32Array([x]);
  const word = new Int32Array(float.buffer);
  if (float[0] === 0) return direction * 2 ** -149;
  word[0] = (word[0] as number) + (x > 0 ? direction : -direction);
  return float[0] as number;
}
