import { type Key, reshape, sum, type Tensor } from "@gen/tensor";

/** A decoder's distribution: how what the network gives becomes p(x | z). */
export interface Likelihood {
  /** How many numbers the network gives for each number of the data, side by side in the last axis. */
  readonly outputsPerNumber: number;
  /**
   * log p(x | z) in nats, a sum over all numbers of an example.
   *
   * @param images [batch, …, channels]
   * @param outputs of the network, [batch, …, outputsPerNumber·channels]
   * @returns [batch]; the caller disposes of it
   */
  logProbability(images: Tensor, outputs: Tensor): Tensor;
  /** The mean of p(x | z): the shape of the images. The caller disposes of it. */
  mean(outputs: Tensor): Tensor;
  /** A draw from p(x | z): the shape of the images. The caller disposes of it. */
  sample(outputs: Tensor, key: Key): Tensor;
}

/** [batch, …] → [batch]: the sum over all but the first axis. */
export function sumOfEach(x: Tensor): Tensor {
  return sum(reshape(x, [x.shape[0] as number, -1]), 1);
}
