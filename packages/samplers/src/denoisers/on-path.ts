import { type Path, pathChange, type Prediction } from "@gen/schedules";
import { mul, reshape, tidy } from "@gen/tensor";
import type { Denoiser } from "../denoiser.ts";
import { atTimes } from "./at-times.ts";
import { predicting } from "./predicting.ts";

/** What is the same on every path at equal SNR. */
const SHARED: readonly Prediction[] = ["data", "noise", "v"];

/**
 * A trained denoiser on another path: what the new path has at a time is, up to a factor, what the old path has at the
 * time of the same SNR (`pathChange` of `@gen/schedules`). So a model trained on a DDPM table runs with solvers and
 * grids of EDM or of rectified flow. A model of velocities, which belong to a path, predicts v there, all others
 * what they did.
 *
 * @throws when asked at a time with more noise than the old path has
 */
export function onPath<C>(denoiser: Denoiser<C>, path: Path): Denoiser<C> {
  const shared = SHARED.includes(denoiser.prediction) ? denoiser : predicting(denoiser, "v");
  const change = pathChange(denoiser.path, path);
  return {
    ...shared,
    path,
    predict: (x, t, condition) =>
      tidy(() => {
        const time = atTimes(path, x, t, (when) => change(when).time);
        const scale = atTimes(path, x, t, (when) => change(when).scale);
        return shared.predict(mul(x, scale), reshape(time, [time.size]), condition);
      }),
  };
}
