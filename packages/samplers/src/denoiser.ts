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
  /**
   * Of a model with a learned variance: the prediction, and v in [-1, 1] where `ddpm` puts the logarithm of the
   * variance between its smallest (-1) and its largest (1) sensible value (Nichol and Dhariwal 2021, eq. 15). Both of
   * the shape of `x`.
   */
  predictWithVariance?(
    x: Tensor,
    t: Tensor,
    condition?: Condition,
  ): { readonly prediction: Tensor; readonly variance: Tensor };
}
