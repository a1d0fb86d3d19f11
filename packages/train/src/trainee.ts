import type { Key, Tensor, Variable } from "@gen/tensor";

/** Tensors that share their first dimension, by name: `images`, `labels`, … */
export type Batch = Record<string, Tensor>;

/** What can be trained: a model of any family with its optimizers. */
export interface Trainee {
  /** All that a checkpoint must hold to go on exactly: weights, the optimizer's state, averages. Always the same names. */
  state(): Record<string, Variable>;
  /**
   * One step: updates the state.
   *
   * @param batch stays the caller's
   * @param key all the randomness of this step
   * @param step counts from 0
   * @returns scalars by name, "loss" among them; others may come at some steps only. The caller disposes of them
   */
  step(batch: Batch, key: Key, step: number): Record<string, Tensor>;
}
