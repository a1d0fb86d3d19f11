import { type Prediction, predictionConversion } from "@gen/schedules";
import { add, mul, type Tensor, tidy } from "@gen/tensor";
import type { Denoiser } from "../denoiser.ts";
import { atTimes } from "./at-times.ts";

/**
 * The same denoiser predicting another kind, such as the data of a model that predicts velocities. Its own kind gives
 * the denoiser itself.
 *
 * @throws when it is asked at a time where its prediction does not determine the wanted one
 */
export function predicting<C>(denoiser: Denoiser<C>, wanted: Prediction): Denoiser<C> {
  const { path, prediction } = denoiser;
  if (prediction === wanted) return denoiser;
  return {
    ...denoiser,
    prediction: wanted,
    predict: (x, t, condition) =>
      tidy(() => {
        const conversion = (time: number) => predictionConversion(path, time, prediction, wanted);
        const kept = mul(
          x,
          atTimes(path, x, t, (time) => conversion(time).input),
        );
        const converted = mul(
          denoiser.predict(x, t, condition),
          atTimes(path, x, t, (time) => conversion(time).prediction),
        );
        return add(kept, converted) as Tensor;
      }),
  };
}
