import { argMax, add, tensor, type Tensor, tidy, type DataType } from "@tensorflow/tfjs-core";
import {
  bits,
  gumbelArray,
  type Key,
  normalArray,
  truncatedNormalArray,
  uniformArray,
} from "@gen/random";
import { currentShard } from "./parallel.ts";
import { currentTrace } from "./trace.ts";

type Numbers = Float32Array | Int32Array | Uint8Array;

/**
 * A tensor whose numbers are made on the host from a key. Everything random in this library is one of these, which is
 * why the same key gives the same numbers on every backend. Inside a compiled function it is made anew at every call
 * from the key of that call: this is how any host computation can take part in one.
 *
 * @param fill makes so many rows of numbers, each of the shape without its first dimension, from the key: a pure
 *   function of both
 * @returns a new tensor; the caller disposes of it
 */
export function draw(
  key: Key,
  shape: number[],
  fill: (key: Key, rows: number) => Numbers,
  dtype: "float32" | "int32" | "bool" = "float32",
): Tensor {
  const [rows = 1, ...row] = shape;
  const size = rows * sizeOf(row);
  // A shard has its rows of what the whole batch would draw.
  const { index, count } = currentShard();
  const make = (k: Key): Numbers => {
    const numbers = fill(k, rows * count);
    if (numbers.length !== size * count) {
      throw new Error(
        `draw: fill made ${numbers.length} numbers for ${rows * count} rows of shape [${row}]`,
      );
    }
    return count === 1 ? numbers : numbers.subarray(index * size, (index + 1) * size);
  };
  const drawn = tensor(make(key), shape, dtype as DataType);
  const origin = key.origin;
  currentTrace()?.bind(drawn, origin && ((callKeys) => make(origin(callKeys))));
  return drawn;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** How many numbers so many rows of a shape have. */
function rowsOf(rows: number, shape: readonly number[]): number {
  return rows * sizeOf(shape.slice(1));
}

/** Standard normal numbers, equal to `jax.random.normal` to rounding. The caller disposes of the tensor. */
export function normal(key: Key, shape: number[]): Tensor {
  return draw(key, shape, (k, rows) => normalArray(k, rowsOf(rows, shape)));
}

/** Numbers uniform in [low, high), equal to `jax.random.uniform`. The caller disposes of the tensor. */
export function uniform(key: Key, shape: number[], low = 0, high = 1): Tensor {
  return draw(key, shape, (k, rows) => uniformArray(k, rowsOf(rows, shape), low, high));
}

/** Normal numbers truncated to [low, high] standard deviations. The caller disposes of the tensor. */
export function truncatedNormal(key: Key, shape: number[], low = -2, high = 2): Tensor {
  return draw(key, shape, (k, rows) => truncatedNormalArray(k, rowsOf(rows, shape), low, high));
}

/** Integers uniform in [low, high), int32. The caller disposes of the tensor. */
export function randint(key: Key, shape: number[], low: number, high: number): Tensor {
  if (!(high > low)) throw new Error(`randint: high must be above low, got [${low}, ${high})`);
  return draw(
    key,
    shape,
    (k, rows) =>
      Int32Array.from(
        bits(k, rowsOf(rows, shape)),
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
    (k, rows) =>
      Uint8Array.from(uniformArray(k, rowsOf(rows, shape)), (u) => (u < probability ? 1 : 0)),
    "bool",
  );
}

/** Standard Gumbel numbers. The caller disposes of the tensor. */
export function gumbel(key: Key, shape: number[]): Tensor {
  return draw(key, shape, (k, rows) => gumbelArray(k, rowsOf(rows, shape)));
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
