import type { Mode } from "@gen/nn";
import type { Tensor } from "@gen/tensor";

/** Makes data from noise. */
export interface Generator {
  /** Numbers of a latent. */
  readonly latents: number;
  /** z [batch, latents] → data; the caller disposes of it. */
  forward(z: Tensor, mode?: Mode): Tensor;
}

/** Tells data from what a generator made. */
export interface Discriminator {
  /** Data [batch, …] → logits [batch]; the caller disposes of it. */
  forward(x: Tensor, mode?: Mode): Tensor;
}
