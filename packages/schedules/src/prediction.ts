import type { Path } from "./path.ts";

/**
 * What a network predicts from x_t: the `data` x, the `noise` z, or the `velocity` a'(t)·x + b'(t)·z (for rectified
 * flow z - x), each as its mean given x_t.
 */
export type Prediction = "data" | "noise" | "velocity";

/** A target as a mixture data·x + noise·z. */
export interface Target {
  readonly data: number;
  readonly noise: number;
}

const TARGETS: Record<Prediction, (path: Path, t: number) => Target> = {
  data: () => ({ data: 1, noise: 0 }),
  noise: () => ({ data: 0, noise: 1 }),
  velocity: (path, t) => ({ data: path.aPrime(t), noise: path.bPrime(t) }),
};

/** The coefficients of what is predicted at time t, as a mixture of data and noise. */
export function predictionTarget(path: Path, t: number, prediction: Prediction): Target {
  return TARGETS[prediction](path, t);
}

/** The coefficients that turn x_t and one prediction into another: input·x_t + prediction·(the first one). */
export interface Conversion {
  readonly input: number;
  readonly prediction: number;
}

/**
 * How to get one prediction from another at time t. Any two follow from x_t = a·x + b·z and the prediction
 * c·x + d·z by solving for x and z: two linear equations, one table for all pairs.
 *
 * @throws if x_t and the prediction do not determine the wanted one: data from noise where a = 0, noise from data
 *   where b = 0, and the velocity at the same two ends
 */
export function predictionConversion(
  path: Path,
  t: number,
  from: Prediction,
  to: Prediction,
): Conversion {
  if (from === to) return { input: 0, prediction: 1 };
  const a = path.a(t);
  const b = path.b(t);
  const given = predictionTarget(path, t, from);
  const wanted = predictionTarget(path, t, to);
  const determinant = a * given.noise - b * given.data;
  if (!(Math.abs(determinant) > 1e-12)) {
    throw new Error(
      `predictionConversion: at t = ${t} of the path ${path.name} the ${from} does not determine the ${to}; ` +
        `stay away from this end, or use a model that predicts the ${to}`,
    );
  }
  return {
    input: (wanted.data * given.noise - wanted.noise * given.data) / determinant,
    prediction: (a * wanted.noise - b * wanted.data) / determinant,
  };
}
