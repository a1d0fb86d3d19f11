import type { Key } from "./key.ts";
import { threefryInto } from "./threefry.ts";

/**
 * `count` random 32-bit words, bit-equal to `jax.random.bits(key, (count,))` (JAX's default, partitionable Threefry).
 */
export function bits(key: Key, count: number): Uint32Array {
  const words = new Uint32Array(count);
  const block = new Int32Array(2);
  for (let i = 0; i < count; i++) {
    threefryInto(block, 0, key.hi, key.lo, 0, i);
    words[i] = (block[0] as number) ^ (block[1] as number);
  }
  return words;
}

/** `count` numbers uniform in [low, high), in float32 with 23 random bits each, as `jax.random.uniform`. */
export function uniformArray(key: Key, count: number, low = 0, high = 1): Float32Array {
  const words = bits(key, count);
  const numbers = new Float32Array(count);
  const range = Math.fround(high - low);
  for (let i = 0; i < count; i++) {
    const unit = ((words[i] as number) >>> 9) * 2 ** -23;
    numbers[i] = Math.max(low, unit * range + low);
  }
  return numbers;
}

// The float32 number next to -1, towards 0: the open end of the uniform draw behind a normal one.
const MINUS_ONE = -1 + 2 ** -24;

/** `count` standard normal numbers, √2·erf⁻¹(u) of uniform u in (-1, 1), as `jax.random.normal`. */
export function normalArray(key: Key, count: number): Float32Array {
  const numbers = uniformArray(key, count, MINUS_ONE, 1);
  for (let i = 0; i < count; i++) numbers[i] = Math.SQRT2 * erfInv(numbers[i] as number);
  return numbers;
}

/** `count` normal numbers truncated to [low, high], as `jax.random.truncated_normal`. */
export function truncatedNormalArray(
  key: Key,
  count: number,
  low: number,
  high: number,
): Float32Array {
  const numbers = uniformArray(key, count, erf(low / Math.SQRT2), erf(high / Math.SQRT2));
  for (let i = 0; i < count; i++) {
    const value = Math.SQRT2 * erfInv(numbers[i] as number);
    numbers[i] = Math.min(high, Math.max(low, value));
  }
  return numbers;
}

/** `count` standard Gumbel numbers, -log(-log(u)), as `jax.random.gumbel`. */
export function gumbelArray(key: Key, count: number): Float32Array {
  const numbers = uniformArray(key, count, 2 ** -126, 1);
  for (let i = 0; i < count; i++) numbers[i] = -Math.log(-Math.log(numbers[i] as number));
  return numbers;
}

/** A random order of 0 … count-1 (Fisher–Yates). Its numbers are ours, not JAX's. */
export function permutation(key: Key, count: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const words = bits(key, count);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(((words[i] as number) / 2 ** 32) * (i + 1));
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
  return order;
}

/** Inverse error function in single precision: M. Giles, «Approximating the erfinv function» (2010), table 5. */
export function erfInv(x: number): number {
  let w = -Math.log1p(-x * x);
  let p: number;
  if (w < 5) {
    w -= 2.5;
    p = 2.81022636e-8;
    p = 3.43273939e-7 + p * w;
    p = -3.5233877e-6 + p * w;
    p = -4.39150654e-6 + p * w;
    p = 0.00021858087 + p * w;
    p = -0.00125372503 + p * w;
    p = -0.00417768164 + p * w;
    p = 0.246640727 + p * w;
    p = 1.50140941 + p * w;
  } else {
    w = Math.sqrt(w) - 3;
    p = -0.000200214257;
    p = 0.000100950558 + p * w;
    p = 0.00134934322 + p * w;
    p = -0.00367342844 + p * w;
    p = 0.00573950773 + p * w;
    p = -0.0076224613 + p * w;
    p = 0.00943887047 + p * w;
    p = 1.00167406 + p * w;
    p = 2.83297682 + p * w;
  }
  return p * x;
}

/** Error function: the Taylor series near 0, a continued fraction beyond; relative error below 1e-12. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 2.5) {
    let term = a;
    let sum = a;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum) + 1e-300; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + fraction)));
}
