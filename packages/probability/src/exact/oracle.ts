import { predictionTarget, type Path, type Prediction, type Target } from "@gen/schedules";
import type { Denoisable, Points } from "./density.ts";
import { rowStates } from "./states.ts";

/** What solvers need of a model (`Evaluator` of `@gen/samplers`), on points in float64. */
export interface ExactOracle {
  readonly path: Path;
  /** The optimal prediction for points [count × dimensions] at time t: its mean given the points. */
  predict(points: Points, t: number, wanted: Prediction): Float64Array;
  combine(terms: readonly (readonly [coefficient: number, value: Float64Array])[]): Float64Array;
}

/**
 * The best model there can be of a distribution on a path, exactly: what a network that is trained to the end would
 * predict, E[data·x + noise·z | x_t]. For rectified flow its velocity is x - E[data] at t = 1 and E[z] - x at t = 0.
 * (Some lecture notes call these the mean of the data and of the noise.)
 *
 * @param source a `gaussianDensity`, a `mixtureDensity`, a `finiteDataSet`, or a `tweedieDenoiser` of a density
 * @throws where a prediction has no finite coefficients, as the velocity of a variance-preserving path at t = 0
 */
export function exactOracle(source: Denoisable, path: Path): ExactOracle {
  const { combine } = rowStates(source.dimensions);
  return {
    path,
    combine,
    predict(points, t, wanted) {
      const { data, noise } = source.denoise(points, path.a(t), path.b(t));
      const target = finiteTarget("exactOracle", path, t, wanted);
      return combine([
        [target.data, data],
        [target.noise, noise],
      ]);
    },
  };
}

/** The coefficients of a prediction, which some have not at their path's end. */
export function finiteTarget(
  caller: string,
  path: Path,
  t: number,
  prediction: Prediction,
): Target {
  const target = predictionTarget(path, t, prediction);
  if (!Number.isFinite(target.data) || !Number.isFinite(target.noise)) {
    throw new Error(
      `${caller}: at t = ${t} of the path ${path.name} the ${prediction} is not finite; ask a little beside it, or for another prediction`,
    );
  }
  return target;
}
