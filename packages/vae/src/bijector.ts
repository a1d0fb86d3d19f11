import type { Tensor } from "@gen/tensor";

/** What a bijection makes of a batch, and by how much it stretches space there. */
export type Transformed = {
  /** [batch, features]. */
  readonly value: Tensor;
  /** log |det ∂value/∂input| of each example, [batch]. */
  readonly logDeterminant: Tensor;
};

/** An invertible map of vectors with an exact log-determinant. The caller disposes of what its methods return. */
export interface Bijector {
  /** Data x [batch, features] towards noise. */
  forward(x: Tensor): Transformed;
  /** Noise towards data: the inverse of `forward`, with the log-determinant of its own direction. */
  inverse(z: Tensor): Transformed;
  /** Starts from what reaches it of a batch, as `ActNorm` does. */
  start?(x: Tensor): void;
}
