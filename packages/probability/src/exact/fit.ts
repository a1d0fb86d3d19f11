import { foldIn, uniformArray, type Key } from "@gen/random";
import { countRows, type Points } from "./density.ts";
import { gaussianDensity, type GaussianDensity } from "./gaussian-density.ts";
import { mixtureDensity, responsibilities, type MixtureDensity } from "./mixture-density.ts";

/**
 * The Gaussian of the greatest likelihood: the mean of the points, and their covariance divided by count (not
 * count - 1: that one is unbiased, this one is likeliest).
 *
 * @param points [count × dimensions], at least dimensions + 1 in general position
 * @throws if the covariance is singular
 */
export function fitGaussian(points: Points, dimensions: number): GaussianDensity {
  const count = countRows("fitGaussian", points, dimensions);
  if (count <= dimensions) {
    throw new Error(
      `fitGaussian: points must be more than their ${dimensions} dimensions, got ${count}; the covariance is singular otherwise`,
    );
  }
  return weightedFit(points, dimensions, new Float64Array(count).fill(1), 0);
}

export interface FitMixtureOptions {
  /** It stops when the average log-likelihood grows by less than this, in nats. */
  readonly tolerance?: number;
  readonly maxIterations?: number;
  /** Added to the diagonal of every covariance, so that no component collapses onto one point. */
  readonly ridge?: number;
}

/** A fitted mixture. */
export interface MixtureFit {
  readonly mixture: MixtureDensity;
  /** The average log-likelihood in nats before each iteration and after the last: it never falls. */
  readonly history: readonly number[];
}

/**
 * A mixture of Gaussians by expectation–maximisation (Dempster, Laird and Rubin 1977; Bishop 2006, section 9.2.2),
 * started at centres chosen by k-means++ (Arthur and Vassilvitskii 2007). It climbs to a local maximum of the
 * likelihood: another key may find a better one.
 *
 * @param points [count × dimensions]
 * @param components how many
 * @param key of the start
 */
export function fitMixture(
  points: Points,
  dimensions: number,
  components: number,
  key: Key,
  options: FitMixtureOptions = {},
): MixtureFit {
  const { tolerance = 1e-8, maxIterations = 500, ridge = 0 } = options;
  const count = countRows("fitMixture", points, dimensions);
  if (!Number.isInteger(components) || components < 1 || count < components * (dimensions + 1)) {
    throw new Error(
      `fitMixture: components must be a whole number ≥ 1 with at least ${dimensions + 1} points each, got ${components} for ${count} points`,
    );
  }
  const { centres, spread } = kMeansPlusPlus(points, dimensions, components, key);
  let mixture = mixtureDensity(
    centres.map((centre) => gaussianDensity(centre, spread / dimensions + ridge)),
  );
  const history: number[] = [];
  for (let iteration = 0; ; iteration++) {
    const { logDensity, shares } = responsibilities(mixture, points);
    const last = history.at(-1) ?? -Infinity;
    const average = logDensity.reduce((sum, log) => sum + log, 0) / count;
    history.push(average);
    if (average - last < tolerance || iteration >= maxIterations) return { mixture, history };
    mixture = mixtureDensity(
      shares.map((weights) => weightedFit(points, dimensions, weights, ridge)),
      shares.map((weights) => weights.reduce((sum, weight) => sum + weight, 0)),
    );
  }
}

/** The likeliest Gaussian for points that count by their weights. */
function weightedFit(
  points: Points,
  dimensions: number,
  weights: Float64Array,
  ridge: number,
): GaussianDensity {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const axes = Array.from({ length: dimensions }, (_, d) => d);
  const expectation = (value: (at: number) => number): number => {
    let sum = 0;
    weights.forEach((weight, i) => (sum += weight * value(i * dimensions)));
    return sum / total;
  };
  const mean = axes.map((d) => expectation((at) => points[at + d]!));
  const covariance = axes.map((d) =>
    axes.map((e) => {
      const product = expectation(
        (at) => (points[at + d]! - mean[d]!) * (points[at + e]! - mean[e]!),
      );
      return d === e ? product + ridge : product;
    }),
  );
  return gaussianDensity(mean, covariance);
}

/** Centres, each drawn from the points with a probability that grows as the square of the distance to those before. */
function kMeansPlusPlus(
  points: Points,
  dimensions: number,
  components: number,
  key: Key,
): { centres: number[][]; spread: number } {
  const count = points.length / dimensions;
  const nearest = new Float64Array(count).fill(1);
  const centres: number[][] = [];
  let total = count;
  for (let k = 0; k < components; k++) {
    let rest = uniformArray(foldIn(key, k), 1)[0]! * total;
    let chosen = 0;
    while (chosen < count - 1 && rest >= nearest[chosen]!) rest -= nearest[chosen++]!;
    const centre = Array.from({ length: dimensions }, (_, d) => points[chosen * dimensions + d]!);
    centres.push(centre);
    total = 0;
    for (let i = 0; i < count; i++) {
      let square = 0;
      for (let d = 0; d < dimensions; d++)
        square += (points[i * dimensions + d]! - centre[d]!) ** 2;
      nearest[i] = k === 0 ? square : Math.min(nearest[i]!, square);
      total += nearest[i]!;
    }
    if (!(total > 0)) {
      throw new Error(
        `fitMixture: points must have more than ${components} different values, all lie on ${k + 1} of them; ask for fewer components`,
      );
    }
  }
  return { centres, spread: total / count };
}
