import type { Mode } from "@gen/nn";
import type { Key, Tensor } from "@gen/tensor";

/** What a generator may be given beside its latents. */
export interface Given {
  /** int32 [batch]: the classes asked for. */
  readonly labels?: Tensor | undefined;
  /** For those with randomness of their own: pixel noise, style mixing. Without it they leave both out. */
  readonly key?: Key | undefined;
}

/** Makes data from noise. */
export interface Generator {
  /** Numbers of a latent. */
  readonly latents: number;
  /** z [batch, latents] → data; the caller disposes of it. */
  forward(z: Tensor, mode?: Mode, given?: Given): Tensor;
}

/** Tells data from what a generator made. */
export interface Discriminator {
  /**
   * Data [batch, …] → logits [batch], or [batch, height, width] of one that judges patches; the caller disposes of it.
   *
   * @param labels int32 [batch], where it is conditional
   */
  forward(x: Tensor, mode?: Mode, labels?: Tensor): Tensor;
}
