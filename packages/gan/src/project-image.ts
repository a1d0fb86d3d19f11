import {
  add,
  clone,
  compile,
  mean,
  settle,
  squaredDifference,
  type Tensor,
  tidy,
  variable,
} from "@gen/tensor";
import { adam, differentiate, Optimizer, type Transform } from "@gen/train";

export interface ProjectImageOptions {
  /** Images of latents, [batch, …] → [batch, …]: `(z) => generator.forward(z)`, or a StyleGAN's from its styles. */
  readonly synthesize: (latent: Tensor) => Tensor;
  /** The images to find, of the shape that `synthesize` gives. */
  readonly target: Tensor;
  /** Where the search starts: StyleGAN's mean style, or the best of many latents. */
  readonly start: Tensor;
  /** Of images and target to a scalar. Default the mean square; a perceptual distance finds better (arXiv:1912.04958). */
  readonly distance?: (images: Tensor, target: Tensor) => Tensor;
  /** Added to the distance: a pull to the prior, say. */
  readonly prior?: (latent: Tensor) => Tensor;
  /** Default Adam with learning rate 0.1, StyleGAN2's. */
  readonly optimizer?: Transform;
  /** Default 1000, StyleGAN2's. */
  readonly steps?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((event: { step: number; loss: number }) => void) | undefined;
}

/**
 * Finds the latents of given images by gradient descent (Karras et al. 2020, arXiv:1912.04958, appendix D; without its
 * noise on the latent).
 *
 * @returns the best latents met, of the shape of `start`, and their loss; the caller disposes of the latents
 */
export async function projectImage({
  synthesize,
  target,
  start,
  distance = (images, wanted) => mean(squaredDifference(images, wanted)),
  prior,
  optimizer: transform = adam({ learningRate: 0.1 }),
  steps = 1000,
  signal,
  onStep,
}: ProjectImageOptions): Promise<{ latent: Tensor; loss: number }> {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new Error(`projectImage: steps must be a positive integer, got ${steps}`);
  }
  const latent = variable(start, true);
  const optimizer = new Optimizer({ latent }, transform);
  const move = compile(
    (wanted: Tensor, inputs: Tensor) =>
      tidy(() => {
        const { gradients, metrics } = differentiate({ latent }, () => {
          const apart = distance(synthesize(latent), wanted);
          return { loss: prior ? add(apart, prior(latent)) : apart };
        });
        const before = clone(latent);
        optimizer.apply(gradients, inputs);
        return { loss: metrics["loss"] as Tensor, before };
      }),
    { name: "projectImage" },
  );
  let best = { latent: clone(start), loss: Infinity };
  try {
    for (let step = 0; step < steps; step++) {
      signal?.throwIfAborted();
      const inputs = optimizer.inputs(step);
      const { loss, before } = move(target, inputs);
      inputs.dispose();
      const [value] = (await loss.data()) as Float32Array;
      loss.dispose();
      onStep?.({ step, loss: value as number });
      const worse = (value as number) < best.loss ? best.latent : before;
      if (worse !== before) best = { latent: before, loss: value as number };
      worse.dispose();
    }
    await settle(best.latent);
    return best;
  } catch (error) {
    best.latent.dispose();
    throw error;
  } finally {
    move.dispose();
    optimizer.dispose();
    latent.dispose();
  }
}
