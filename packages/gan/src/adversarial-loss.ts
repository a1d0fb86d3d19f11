import type { Tensor } from "@gen/tensor";

/** What each of the two players minimises: functions of the discriminator's logits, [batch], to scalars. */
export interface AdversarialLoss {
  readonly name: string;
  /** The caller disposes of the result. */
  discriminator(real: Tensor, fake: Tensor): Tensor;
  /** The caller disposes of the result. */
  generator(fake: Tensor): Tensor;
}
