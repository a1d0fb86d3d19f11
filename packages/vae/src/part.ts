import type { Tensor } from "@gen/tensor";

/** A network of one input, and perhaps of a condition. */
export interface Part {
  /**
   * @param condition labels of the examples, int32 [batch], for a part that takes them, as `Conditioned` does
   * @returns the caller disposes of it
   */
  forward(x: Tensor, condition?: Tensor): Tensor;
}
