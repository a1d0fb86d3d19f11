import { argMax, add, tensor, type Tensor, tidy, type DataType } from "@tensorflow/tfjs-core";
import {
  bits,
  gumbelArray,
  type Key,
  normalArray,
  truncatedNormalArray,
  uniformArray,
} from "@gen/random";
import { currentTrace } from "./trace.ts";

type Numbers = Float32Array | Int32Array | Uint8Array;

/**
 * A tensor whose numbers are made on the host from a key. Everything random in this library is one of these, which is
 * why the same key gives the same numbers on every backend. Inside a compiled function it is made anew at every call
 * from the key of that call: this is how any host computation can take part in one.
 *
 * @param fill makes all the numbers from the key: a pure function of it
 * @returns a new tensor; the caller disposes of it
 */
export function draw(
  key: Key,
  shape: number[],
  fill: (key: Key) => Numbers,
  dtype: "float32" | "int32" | "bool" = "float32",
): Tensor {
  const drawn = tensor(fill(key), shape, dtype as DataType);
  const origin = key.origin;
  currentTrace()?.bind(drawn, origin && ((callKeys) => fill(origin(callKeys))));
  return drawn;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** Standard normal numbers, equal to `jax.random.normal` to rounding. The caller disposes of the tensor. */
export function normal(key: Key, shape: number[]): Tensor {
  return draw(key, shape, (k) => normalArray(k, sizeOf(shape)));
}

/** Numbers uniform in [low, high), equal to `jax.random.uniform`. The caller disposes of the tensor. */
export function uniform(key: Key, shape: number[], low = 0, high = 1): Tensor {
  return draw(key, shape, (k) => uniformArray(k, sizeOf(shape), low, high));
}

/** Normal numbers truncated to [low, high] standard deviations. The caller disposes of the tensor. */
export function truncatedNormal(key: Key, shape: number[], low = -2, high = 2): Tensor {
  return draw(key, shape, (k) => truncatedNormalArray(k, sizeOf(shape), low, high));
}

/** Integers uniform in [low, high), int32. The caller disposes of the tensor. */
export function randint(key: Key, shape: number[], low: number, high: number): Tensor {
  if (!(high > low)) throw new Error(`randint: high must be above low, got [${low}, ${high})`);
  return draw(
    key,
    shape,
    (k) =>
      Int32Array.from(
        bits(k, sizeOf(shape)),
        (word) => low + Math.floor((word / 2 ** 32) * (high - low)),
      ),
    "int32",
  );
}

/** Booleans that are true with the given probability. The caller disposes of the tensor. */
export function bernoulli(key: Key, shape: number[], probability = 0.5): Tensor {
  return draw(
    key,
    shape,
    (k) => Uint8Array.from(uniformArray(k, sizeOf(shape)), (u) => (u < probability ? 1 : 0)),
    "bool",
  );
}

/** Standard Gumbel numbers. The caller disposes of the tensor. */
export function gumbel(key: Key, shape: number[]): Tensor {
  return draw(key, shape, (k) => gumbelArray(k, sizeOf(shape)));
}

/**
 * Draws one class per row of unnormalised log-probabilities [..., classes], by the Gumbel-max trick, as
 * `jax.random.categorical`.
 *
 * @returns int32 [...]; the caller disposes of it
 */
export function categorical(key: Key, logits: Tensor): Tensor {
  return tidy(() => argMax(add(logits, gumbel(key, logits.shape)), -1));
}
