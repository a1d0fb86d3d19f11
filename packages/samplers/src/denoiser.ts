import type { Path, Prediction } from "@gen/schedules";
import type { Tensor } from "@gen/tensor";

/**
 * A model as samplers see it: your network, what it predicts, and the path it was trained on. Guidance and
 * preconditioning take a denoiser and give a denoiser.
 */
export interface Denoiser<Condition = unknown> {
  readonly path: Path;
  readonly prediction: Prediction;
  /**
   * Predicts from noisy data.
   *
   * @param x noisy data [batch, …]
   * @param t the time of each, float32 [batch]
   * @param condition whatever `sample` was given: labels, a text embedding, nothing
   * @returns a new tensor of the shape of `x`
   */
  predict(x: Tensor, t: Tensor, condition?: Condition): Tensor;
}
