import { type Key, normalArray, truncatedNormalArray, uniformArray } from "@gen/tensor";

/** How many inputs an output is a sum over, and how many outputs an input reaches. */
export interface Fan {
  in: number;
  out: number;
}

/** Makes the first numbers of a weight: a pure function of the key. `shape` is ours: Linear [in, out], Conv2d HWIO. */
export type Init = (key: Key, shape: readonly number[], fan: Fan) => Float32Array;

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);

/** All zeros: the last layer of a residual branch, so that it starts as the identity. */
export const zeros: Init = (_key, shape) => new Float32Array(sizeOf(shape));

/** All ones. */
export const ones: Init = (_key, shape) => new Float32Array(sizeOf(shape)).fill(1);

/**
 * What PyTorch's Linear and Conv layers start from: uniform within ±1/√fanIn. It is He et al. 2015
 * (arXiv:1502.01852) eq. 10 with the slope a = √5 that PyTorch passes; PyTorch draws the bias from the same range.
 */
export const kaimingUniform: Init = (key, shape, fan) => {
  const bound = 1 / Math.sqrt(fan.in);
  return uniformArray(key, sizeOf(shape), -bound, bound);
};

/** Uniform within ±√(6 / (fanIn + fanOut)): Glorot and Bengio 2010, eq. 16. DiT and PyTorch's attention use it. */
export const xavierUniform: Init = (key, shape, fan) => {
  const bound = Math.sqrt(6 / (fan.in + fan.out));
  return uniformArray(key, sizeOf(shape), -bound, bound);
};

/** Normal with mean 0. The default deviation, 0.02, is that of DCGAN (arXiv:1511.06434 §4), GPT-2 and DiT. */
export function normal(deviation = 0.02): Init {
  return (key, shape) => normalArray(key, sizeOf(shape)).map((n) => n * deviation);
}

// The deviation of a standard normal number that is cut at ±2.
const DEVIATION_CUT_AT_2 = 0.87962566103423978;

/**
 * Normal, cut at two deviations, then widened so that `deviation` is the deviation of the result: as
 * `jax.nn.initializers.truncated_normal`. PyTorch's `trunc_normal_(std=0.02)` cuts at ±2, a hundred deviations: for
 * that one, take `normal`.
 */
export function truncatedNormal(deviation = 0.02): Init {
  const scale = deviation / DEVIATION_CUT_AT_2;
  return (key, shape) => truncatedNormalArray(key, sizeOf(shape), -2, 2).map((n) => n * scale);
}

/** Another initialisation times a factor: `scaled(normal(0.02), 1 / Math.sqrt(2 * layers))` as in GPT-2. */
export function scaled(init: Init, factor: number): Init {
  return (key, shape, fan) => init(key, shape, fan).map((n) => n * factor);
}
