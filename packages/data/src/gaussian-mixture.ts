import { type Key, normalArray, split, uniformArray } from "@gen/random";

/** A mixture of round Gaussians, with its exact density and score. Points are rows: [count, dimensions]. */
export interface GaussianMixture {
  readonly dimensions: number;
  /** Points drawn from the mixture, [count, dimensions]. */
  sample(key: Key, count: number): Float32Array;
  /** ln p(x) of each point, in nats: [count]. */
  logDensity(points: ArrayLike<number>): Float64Array;
  /** ∇ ln p(x) of each point: [count, dimensions]. */
  score(points: ArrayLike<number>): Float64Array;
  /** The mixture of a·x + b·z, where x is drawn from this one and z is standard normal: a diffusion's at a time. */
  noised(a: number, b: number): GaussianMixture;
}

/**
 * The mixture Σ wₖ·N(μₖ, σₖ²·I).
 *
 * @param means μₖ, [components][dimensions]
 * @param deviations σₖ > 0, one for all or one each
 * @param weights wₖ ≥ 0, brought to a sum of 1; equal if not given
 */
export function gaussianMixture(
  means: readonly (readonly number[])[],
  deviations: number | readonly number[],
  weights?: readonly number[],
): GaussianMixture {
  const components = means.length;
  const dimensions = means[0]?.length ?? 0;
  if (
    dimensions < 1 ||
    !means.every((mean) => mean.length === dimensions && mean.every(Number.isFinite))
  ) {
    throw new Error(
      "gaussianMixture: means must be one or more points of one dimension, all finite",
    );
  }
  const sigmas = typeof deviations === "number" ? means.map(() => deviations) : [...deviations];
  if (sigmas.length !== components || !sigmas.every((sigma) => sigma > 0 && sigma < Infinity)) {
    throw new Error(
      `gaussianMixture: deviations must be a positive number or ${components} of them, got ${String(deviations)}`,
    );
  }
  const parts = weights ? [...weights] : means.map(() => 1);
  const total = parts.reduce((sum, part) => sum + part, 0);
  if (
    parts.length !== components ||
    !parts.every((part) => part >= 0) ||
    !(total > 0 && total < Infinity)
  ) {
    throw new Error(
      `gaussianMixture: weights must be ${components} numbers ≥ 0 with a positive sum, got ${String(weights)}`,
    );
  }
  const logWeights = parts.map((part) => Math.log(part / total));
  const shares = new Float64Array(components);

  // Leaves in `shares` how much each component accounts for the point, and gives ln p of it.
  function weigh(points: ArrayLike<number>, at: number): number {
    let largest = -Infinity;
    for (let k = 0; k < components; k++) {
      const mean = means[k] as readonly number[];
      const sigma = sigmas[k] as number;
      let squares = 0;
      for (let d = 0; d < dimensions; d++) {
        squares += ((points[at + d] as number) - (mean[d] as number)) ** 2;
      }
      const log =
        (logWeights[k] as number) -
        squares / (2 * sigma * sigma) -
        dimensions * (Math.log(sigma) + HALF_LOG_TWO_PI);
      shares[k] = log;
      largest = Math.max(largest, log);
    }
    let sum = 0;
    for (let k = 0; k < components; k++) {
      sum += shares[k] = Math.exp((shares[k] as number) - largest);
    }
    for (let k = 0; k < components; k++) shares[k] = (shares[k] as number) / sum;
    return largest + Math.log(sum);
  }

  function rows(caller: string, points: ArrayLike<number>): number {
    if (points.length % dimensions !== 0) {
      throw new Error(
        `${caller}: points has ${points.length} numbers, expected a multiple of ${dimensions}`,
      );
    }
    return points.length / dimensions;
  }

  return {
    dimensions,
    sample(key, count) {
      const [choice, noise] = split(key);
      const chosen = uniformArray(choice, count);
      const points = normalArray(noise, count * dimensions);
      for (let i = 0; i < count; i++) {
        let rest = (chosen[i] as number) * total;
        let k = 0;
        while (k < components - 1 && rest >= (parts[k] as number)) rest -= parts[k++] as number;
        for (let d = 0; d < dimensions; d++) {
          const at = i * dimensions + d;
          points[at] = (means[k]?.[d] as number) + (sigmas[k] as number) * (points[at] as number);
        }
      }
      return points;
    },
    logDensity(points) {
      const logs = new Float64Array(rows("logDensity", points));
      for (let i = 0; i < logs.length; i++) logs[i] = weigh(points, i * dimensions);
      return logs;
    },
    score(points) {
      const count = rows("score", points);
      const scores = new Float64Array(count * dimensions);
      for (let at = 0; at < scores.length; at += dimensions) {
        weigh(points, at);
        for (let k = 0; k < components; k++) {
          const pull = (shares[k] as number) / (sigmas[k] as number) ** 2;
          for (let d = 0; d < dimensions; d++) {
            scores[at + d] =
              (scores[at + d] as number) +
              pull * ((means[k]?.[d] as number) - (points[at + d] as number));
          }
        }
      }
      return scores;
    },
    noised(a, b) {
      return gaussianMixture(
        means.map((mean) => mean.map((x) => a * x)),
        sigmas.map((sigma) => Math.hypot(a * sigma, b)),
        parts,
      );
    },
  };
}

const HALF_LOG_TWO_PI = Math.log(2 * Math.PI) / 2;
