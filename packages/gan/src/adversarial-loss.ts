import type { Tensor } from "@gen/tensor";

/**
 * What each of the two players minimises: functions of the discriminator's logits to scalars. Logits are [batch], or of
 * any shape where a discriminator judges patches.
 */
export interface AdversarialLoss {
  readonly name: string;
  /** The caller disposes of the result. */
  discriminator(real: Tensor, fake: Tensor): Tensor;
  /**
   * @param fake logits of generated data
   * @param real computes the logits of the data, for the losses that compare with them; the others do not call it
   * @returns the caller disposes of it
   */
  generator(fake: Tensor, real: () => Tensor): Tensor;
}
