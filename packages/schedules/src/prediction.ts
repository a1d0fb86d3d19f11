import type { Path } from "./path.ts";

/**
 * What a network predicts from x_t, each as its mean given x_t:
 *
 * - `data`, x;
 * - `noise`, z, often called ε;
 * - `velocity`, a'(t)·x + b'(t)·z, the slope of the path: for rectified flow z - x;
 * - `v`, (a·z - b·x)/√(a² + b²) (Salimans and Ho 2022, arXiv:2202.00512, section 4; the lecture notes have the signs
 *   reversed), which says as much at both ends of any path;
 * - `score`, -z/b, the gradient of the log-density of x_t.
 */
export type Prediction = "data" | "noise" | "velocity" | "v" | "score";

/** A path at one time. */
export type PathPoint = Readonly<Record<"a" | "b" | "aPrime" | "bPrime", number>>;

/** A target as a mixture data·x + noise·z. */
export interface Target {
  readonly data: number;
  readonly noise: number;
}

/** Any other mixture of data and noise that a network may predict: c(t)·x + d(t)·z. */
export interface LinearPrediction {
  readonly name: string;
  target(point: PathPoint): Target;
}

/** The straight velocity z - x whatever the path, which is the `velocity` of rectified flow. */
export const flowPrediction: LinearPrediction = {
  name: "flow",
  target: () => ({ data: -1, noise: 1 }),
};

/**
 * EDM's F, the network inside the preconditioning: D = c_skip·x + c_out·F (Karras et al. 2022, arXiv:2206.00364, eq. 7
 * and 8). It has unit variance for data with the standard deviation σ_data.
 *
 * @param options σ_data, default 0.5
 */
export function edmPrediction({ sigmaData = 0.5 }: { sigmaData?: number } = {}): LinearPrediction {
  return {
    name: "edm",
    target: ({ a, b }) => {
      const size = Math.hypot(b, a * sigmaData);
      return { data: b / (sigmaData * size), noise: (-sigmaData * a) / size };
    },
  };
}

/**
 * TrigFlow's F, of x_t = cos(t)·x + sin(t)·σ_data·z with the velocity σ_data·F (Lu and Song 2024, arXiv:2410.11081, eq.
 * 5): cos(t)·z - sin(t)·x/σ_data, which is EDM's F with the other sign, and `v` for σ_data = 1.
 *
 * @param options σ_data, default 0.5
 */
export function trigFlowPrediction(options: { sigmaData?: number } = {}): LinearPrediction {
  const edm = edmPrediction(options);
  return {
    name: "trigFlow",
    target: (point) => {
      const { data, noise } = edm.target(point);
      return { data: -data, noise: -noise };
    },
  };
}

/** A target times `divisor`: the score is infinite at t = 0, b·score is not. */
interface Scaled extends Target {
  readonly divisor?: number;
}

const TARGETS: Record<Prediction, (point: PathPoint) => Scaled> = {
  data: () => ({ data: 1, noise: 0 }),
  noise: () => ({ data: 0, noise: 1 }),
  velocity: ({ aPrime, bPrime }) => ({ data: aPrime, noise: bPrime }),
  v: ({ a, b }) => ({ data: -b / Math.hypot(a, b), noise: a / Math.hypot(a, b) }),
  score: ({ b }) => ({ data: 0, noise: -1, divisor: b }),
};

function scaledTarget(point: PathPoint, prediction: Prediction | LinearPrediction): Scaled {
  if (typeof prediction !== "string") return prediction.target(point);
  if (!Object.hasOwn(TARGETS, prediction)) {
    throw new Error(
      `prediction: there are ${Object.keys(TARGETS).join(", ")}, got ${String(prediction)}`,
    );
  }
  return TARGETS[prediction](point);
}

/** The path's numbers at a time. */
export function pathPoint(path: Path, t: number): PathPoint {
  return { a: path.a(t), b: path.b(t), aPrime: path.aPrime(t), bPrime: path.bPrime(t) };
}

/** The coefficients of what is predicted at time t, as a mixture of data and noise. */
export function predictionTarget(
  path: Path,
  t: number,
  prediction: Prediction | LinearPrediction,
): Target {
  const { data, noise, divisor = 1 } = scaledTarget(pathPoint(path, t), prediction);
  return divisor === 1 ? { data, noise } : { data: data && data / divisor, noise: noise / divisor };
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
 * @throws if t is below 0, or x_t and the prediction do not determine the wanted one: data from noise where a = 0, noise from data
 *   where b = 0, and the velocity at the same two ends
 */
export function predictionConversion(
  path: Path,
  t: number,
  from: Prediction | LinearPrediction,
  to: Prediction | LinearPrediction,
): Conversion {
  // Not at most `end`: a sampler with churn goes a little beyond.
  if (!(t >= 0)) {
    throw new Error(
      `predictionConversion: t must be a time of the path ${path.name}, not below 0, got ${t}`,
    );
  }
  if (from === to) return { input: 0, prediction: 1 };
  const conversion = pointConversion(pathPoint(path, t), from, to, 1e-12);
  if (!(Number.isFinite(conversion.input) && Number.isFinite(conversion.prediction))) {
    throw new Error(
      `predictionConversion: at t = ${t} of the path ${path.name} the ${nameOf(from)} does not determine the ` +
        `${nameOf(to)}; stay away from this end, or use a model that predicts the ${nameOf(to)}`,
    );
  }
  return conversion;
}

/** The conversion at a point of a path; not finite where there is none, or the determinant is not above `least`. */
export function pointConversion(
  point: PathPoint,
  from: Prediction | LinearPrediction,
  to: Prediction | LinearPrediction,
  least = 0,
): Conversion {
  const given = scaledTarget(point, from);
  const wanted = scaledTarget(point, to);
  const determinant = point.a * given.noise - point.b * given.data;
  const divisor = Math.abs(determinant) > least ? determinant * (wanted.divisor ?? 1) : 0;
  const over = (numerator: number): number =>
    numerator === 0 && divisor !== 0 ? 0 : numerator / divisor;
  return {
    input: over(wanted.data * given.noise - wanted.noise * given.data),
    prediction: (given.divisor ?? 1) * over(point.a * wanted.noise - point.b * wanted.data),
  };
}

function nameOf(prediction: Prediction | LinearPrediction): string {
  return typeof prediction === "string" ? prediction : prediction.name;
}
