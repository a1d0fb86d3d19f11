import type { Prediction, Path } from "@gen/schedules";
import { add, mul, Tensor, tidy } from "@gen/tensor";
import type { Denoiser } from "../src/index.ts";

/**
 * A denoiser that answers slope·x + offset·(its condition, or 1): what it was asked can be read from what it answers.
 */
export function affineDenoiser(
  path: Path,
  prediction: Prediction,
  slope: number,
  offset: number,
): Denoiser {
  return {
    path,
    prediction,
    predict: (x, _t, condition) =>
      tidy(() => {
        const shift = condition instanceof Tensor ? mul(condition, offset) : offset;
        return add(mul(x, slope), shift) as Tensor;
      }),
  };
}
