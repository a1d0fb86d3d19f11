import type { Tensor } from "@gen/tensor";

/** What a network is told besides noisy data and time. */
export interface Conditions {
  /** Classes, int32 [batch], each in [0, classes]; the index `classes` says «no label». Left out: none has one. */
  readonly labels?: Tensor | undefined;
}

/** A network that predicts from noisy data: what losses train and `denoiser` samples from. */
export interface Network {
  /** How many classes it knows; 0 for an unconditional one. */
  readonly classes: number;
  /**
   * @param x noisy data [batch, …]
   * @param t the time of each, float32 [batch]
   * @returns the shape of x; the caller disposes of it
   */
  forward(x: Tensor, t: Tensor, conditions?: Conditions): Tensor;
}
