import type { Mode } from "@gen/nn";
import type { Key, Tensor } from "@gen/tensor";

export interface QuantizeOptions {
  /** Default "inference": nothing random, and no buffer changes. */
  readonly mode?: Mode;
  /** For training, where codes are drawn or dead ones restarted. */
  readonly key?: Key;
  /** Of `GumbelQuantizer` in training; a scalar tensor where it falls. Default 1. */
  readonly temperature?: number | Tensor;
}

export type Quantized = {
  /** The code of each vector, with a gradient back to z: the shape of z. */
  readonly quantized: Tensor;
  /** Which codes, int32: the shape of z without its last axis, and [depth] after it where there are several each. */
  readonly indices: Tensor;
  /** What keeps vectors and codes together: a scalar, a mean over all numbers of z. */
  readonly loss: Tensor;
};

/** Replaces each vector [features] in the last axis of z by one of finitely many codes. */
export interface Quantizer {
  readonly features: number;
  /** How many values an index has. */
  readonly codes: number;
  /** How many indices a vector has. */
  readonly depth: number;
  /** z [batch, …, features]. The caller disposes of all three tensors. */
  quantize(z: Tensor, options?: QuantizeOptions): Quantized;
  /** The vectors of indices, [batch, …, features]. The caller disposes of them. */
  lookup(indices: Tensor): Tensor;
  /** Starts a learnt codebook from vectors [batch, …, features] of the encoder. */
  start?(z: Tensor, key: Key): void;
}

/** Refuses vectors of another length. */
export function checkVectors(name: string, z: Tensor, features: number): void {
  if (z.rank < 2 || z.shape.at(-1) !== features) {
    throw new Error(`${name}: z must be [batch, …, ${features}], got [${z.shape.join(", ")}]`);
  }
}

/** The key of a training step, which is refused without one. */
export function trainingKey(name: string, { key }: QuantizeOptions): Key {
  if (!key) throw new Error(`${name}: training needs a key, got none; pass { mode, key }`);
  return key;
}
