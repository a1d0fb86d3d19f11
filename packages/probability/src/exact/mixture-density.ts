import { foldIn, split, uniformArray } from "@gen/random";
import type { GaussianDensity, LinearDensity } from "./gaussian-density.ts";

/** A mixture of normal distributions. */
export interface MixtureDensity extends LinearDensity<MixtureDensity> {
  readonly components: readonly GaussianDensity[];
  /** Their shares, with a sum of 1. */
  readonly weights: readonly number[];
}

/**
 * The mixture Σ wₖ·N(μₖ, Σₖ), exactly, in float64. Its image under noise is its marginal at a time of a diffusion:
 * `mixture.noised(path.a(t), path.b(t))`. (`gaussianMixture` of `@gen/data` is the data set: round components only.)
 *
 * @param components one or more, of one dimension
 * @param weights wₖ ≥ 0, brought to a sum of 1; equal if not given
 */
export function mixtureDensity(
  components: readonly GaussianDensity[],
  weights: readonly number[] = components.map(() => 1),
): MixtureDensity {
  const dimensions = components[0]?.dimensions;
  if (dimensions === undefined || components.some((one) => one.dimensions !== dimensions)) {
    throw new Error(
      `mixtureDensity: components must be one or more of one dimension, got dimensions [${components.map((one) => one.dimensions).join(", ")}]`,
    );
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (
    weights.length !== components.length ||
    !weights.every((weight) => weight >= 0) ||
    !(total > 0 && total < Infinity)
  ) {
    throw new Error(
      `mixtureDensity: weights must be ${components.length} numbers ≥ 0 with a positive sum, got [${weights.join(", ")}]`,
    );
  }
  const shares = weights.map((weight) => weight / total);

  /** Σₖ rₖ(point)·valuesₖ(point), with the responsibilities r of the components for points [count × dimensions]. */
  const average = (responsible: readonly Float64Array[], values: readonly Float64Array[]) => {
    const sum = new Float64Array(values[0]!.length);
    responsible.forEach((shareOf, k) => {
      for (let i = 0; i < sum.length; i++) {
        const share = shareOf[Math.floor(i / dimensions)]!;
        if (share > 0) sum[i]! += share * values[k]![i]!;
      }
    });
    return sum;
  };
  const self: MixtureDensity = {
    dimensions,
    components: Object.freeze([...components]),
    weights: Object.freeze(shares),
    logDensity: (points) => responsibilities(self, points).logDensity,
    score: (points) =>
      average(
        responsibilities(self, points).shares,
        components.map((one) => one.score(points)),
      ),
    sample(key, count) {
      const [choice, draws] = split(key);
      const chosen = uniformArray(choice, count);
      const samples = components.map((one, k) => one.sample(foldIn(draws, k), count));
      const points = new Float64Array(count * dimensions);
      for (let i = 0; i < count; i++) {
        let rest = chosen[i]!;
        let k = 0;
        while (k < components.length - 1 && rest >= shares[k]!) rest -= shares[k++]!;
        const at = i * dimensions;
        points.set(samples[k]!.subarray(at, at + dimensions), at);
      }
      return points;
    },
    marginal: (axes) =>
      mixtureDensity(
        components.map((one) => one.marginal(axes)),
        shares,
      ),
    conditional(axes, values) {
      const evidence = components.map(
        (one, k) => Math.log(shares[k]!) + one.marginal(axes).logDensity(values)[0]!,
      );
      const largest = Math.max(...evidence);
      return mixtureDensity(
        components.map((one) => one.conditional(axes, values)),
        evidence.map((log) => Math.exp(log - largest)),
      );
    },
    affine: (matrix, offset, noise) =>
      mixtureDensity(
        components.map((one) => one.affine(matrix, offset, noise)),
        shares,
      ),
    noised: (a, b) =>
      mixtureDensity(
        components.map((one) => one.noised(a, b)),
        shares,
      ),
    denoise(points, a, b) {
      const responsible = responsibilities(self.noised(a, b), points).shares;
      const each = components.map((one) => one.denoise(points, a, b));
      return {
        data: average(
          responsible,
          each.map(({ data }) => data),
        ),
        noise: average(
          responsible,
          each.map(({ noise }) => noise),
        ),
      };
    },
  };
  return self;
}

/** How much each component accounts for each point: r = wₖ·pₖ(x) / p(x). */
export interface Responsibilities {
  /** ln p(x): [count]. */
  readonly logDensity: Float64Array;
  /** By component: [count] each; over the components they sum to 1. */
  readonly shares: readonly Float64Array[];
}

/** The posterior of the component given each point (Bayes' rule), in log space: the E-step of EM. */
export function responsibilities(
  mixture: MixtureDensity,
  points: ArrayLike<number>,
): Responsibilities {
  const shares = mixture.components.map((one, k) => {
    const log = Math.log(mixture.weights[k]!);
    return one.logDensity(points).map((value) => value + log);
  });
  const logDensity = shares[0]!.map((_, i) => {
    const largest = shares.reduce((most, logs) => Math.max(most, logs[i]!), -Infinity);
    const sum = shares.reduce((total, logs) => total + Math.exp(logs[i]! - largest), 0);
    return largest + Math.log(sum);
  });
  for (const logs of shares) {
    for (let i = 0; i < logs.length; i++) logs[i] = Math.exp(logs[i]! - logDensity[i]!);
  }
  return { logDensity, shares };
}
