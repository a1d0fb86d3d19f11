import { bits, type Key } from "@gen/random";

/** Draws `count` numbers in (0, 1), never an end itself, each uniform: a pure function of the key. */
export type Uniforms = (key: Key, count: number) => Float64Array;

/** Each by itself. */
export const independentUniforms: Uniforms = (key, count) =>
  Float64Array.from(bits(key, count), (word) => (word + 0.5) / 2 ** 32);

/** One in each of `count` equal parts of (0, 1), in order: the times of a batch differ less than by chance. */
export const stratifiedUniforms: Uniforms = (key, count) =>
  independentUniforms(key, count).map((u, i) => (i + u) / count);

/**
 * Equal distances from one random number, around the circle (Kingma et al. 2021, arXiv:2107.00630, appendix I.1): each
 * is uniform, and a batch covers all times evenly.
 */
export const lowDiscrepancyUniforms: Uniforms = (key, count) => {
  const start = independentUniforms(key, 1)[0] as number;
  return Float64Array.from({ length: count }, (_, i) => (start + i / count) % 1);
};
