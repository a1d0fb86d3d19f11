import { type Path, predictionTarget } from "@gen/schedules";
import { add, mul, reshape, type Tensor, tidy } from "@gen/tensor";
import type { Denoiser } from "../denoiser.ts";
import { atTimes } from "./at-times.ts";

/**
 * A trained denoiser on another path: x_t at a time of the new path is a multiple of x at the time of the old path that
 * has the same SNR (Karras et al. 2022, arXiv:2206.00364, eq. 4; Lipman et al. 2024, arXiv:2412.06264, section 4.6). So a model trained on a
 * DDPM table runs with solvers and grids of EDM or of rectified flow. It predicts the same kind as before; a velocity
 * becomes that of the new path. Where the new path goes on into more noise than the old one ever had, the denoiser is
 * asked for its own last time.
 *
 * @throws when asked at a time where the prediction does not determine the wanted one
 */
export function onPath<C>(denoiser: Denoiser<C>, path: Path): Denoiser<C> {
  const { path: old, prediction } = denoiser;
  const at = (time: number) => {
    const trained = timeOf(old, path, time);
    const [a, b, newA, newB] = [old.a(trained), old.b(trained), path.a(time), path.b(time)];
    const scale = newB > newA ? b / newB : a / newA;
    const given = predictionTarget(old, trained, prediction);
    const wanted = predictionTarget(path, time, prediction);
    // Solves a·x + b·z and the old prediction for x and z, and mixes them anew.
    const determinant = a * given.noise - b * given.data;
    const same = given.data === wanted.data && given.noise === wanted.noise;
    if (!same && !(Math.abs(determinant) > 1e-12)) {
      throw new Error(
        `onPath: at t = ${time} of the path ${path.name} the ${prediction} does not follow; stay away from this end`,
      );
    }
    return {
      time: trained,
      scale,
      input: same
        ? 0
        : (scale * (wanted.data * given.noise - wanted.noise * given.data)) / determinant,
      prediction: same ? 1 : (a * wanted.noise - b * wanted.data) / determinant,
    };
  };
  return {
    ...denoiser,
    path,
    predict: (x, t, condition) =>
      tidy(() => {
        const [time, scale, input, gain] = (["time", "scale", "input", "prediction"] as const).map(
          (part) => atTimes(path, x, t, (when) => at(when)[part]),
        ) as [Tensor, Tensor, Tensor, Tensor];
        const predicted = denoiser.predict(mul(x, scale), reshape(time, [time.size]), condition);
        return add(mul(x, input), mul(predicted, gain)) as Tensor;
      }),
  };
}

/** The time of `old` with the SNR that `path` has at `time`. */
function timeOf(old: Path, path: Path, time: number): number {
  if (time === 0) return 0;
  const logSnr = path.logSnr(time);
  return logSnr <= old.logSnr(old.end) ? old.end : old.inverseLogSnr(logSnr);
}
