import type { DataMean, Points } from "./array-evaluator.ts";

/** A mixture of normals with independent dimensions in each component. */
export interface Mixture {
  readonly dims: number;
  readonly components: readonly {
    readonly weight: number;
    readonly mean: readonly number[];
    readonly std: readonly number[];
  }[];
}

export const mixture1D: Mixture = {
  dims: 1,
  components: [
    { weight: 0.35, mean: [-1], std: [0.5] },
    { weight: 0.65, mean: [0.8], std: [0.35] },
  ],
};

export const mixture2D: Mixture = {
  dims: 2,
  components: [
    { weight: 0.3, mean: [-1, 0.2], std: [0.4, 0.6] },
    { weight: 0.45, mean: [0.7, 0.8], std: [0.5, 0.3] },
    { weight: 0.25, mean: [0.4, -1], std: [0.35, 0.5] },
  ],
};

/** E[data | x] by Bayes' rule, for x = a·data + b·noise. */
export function posteriorMean({ dims, components }: Mixture): DataMean {
  return (x, a, b) => {
    const mean: Points = new Float64Array(x.length);
    for (let i = 0; i < x.length; i += dims) {
      const logs = components.map(({ weight, mean: m, std }) => {
        let log = Math.log(weight);
        for (let d = 0; d < dims; d++) {
          const variance = (a * std[d]!) ** 2 + b * b;
          log -= (x[i + d]! - a * m[d]!) ** 2 / (2 * variance) + Math.log(variance) / 2;
        }
        return log;
      });
      const top = Math.max(...logs);
      const shares = logs.map((log) => Math.exp(log - top));
      const total = shares.reduce((sum, s) => sum + s, 0);
      components.forEach(({ mean: m, std }, k) => {
        for (let d = 0; d < dims; d++) {
          const gain = (a * std[d]! ** 2) / ((a * std[d]!) ** 2 + b * b);
          mean[i + d]! += (shares[k]! / total) * (m[d]! + gain * (x[i + d]! - a * m[d]!));
        }
      });
    }
    return mean;
  };
}

/** Points of x = a·data + b·noise, from standard normal and uniform numbers. */
export function pointsAt(
  { dims, components }: Mixture,
  a: number,
  b: number,
  normals: ArrayLike<number>,
  uniforms: ArrayLike<number>,
): Points {
  const points = new Float64Array(normals.length);
  for (let i = 0; i < uniforms.length; i++) {
    let left = uniforms[i]!;
    const component = components.find(({ weight }) => (left -= weight) < 0) ?? components[0]!;
    for (let d = 0; d < dims; d++) {
      const std = Math.hypot(a * component.std[d]!, b);
      points[i * dims + d] = a * component.mean[d]! + std * normals[i * dims + d]!;
    }
  }
  return points;
}

/** Exact mean and covariance of x = a·data + b·noise. */
export function moments(
  { dims, components }: Mixture,
  a: number,
  b: number,
): { mean: number[]; covariance: number[][] } {
  const range = Array.from({ length: dims }, (_, d) => d);
  const mean = range.map((d) => components.reduce((s, c) => s + c.weight * a * c.mean[d]!, 0));
  const covariance = range.map((d) =>
    range.map((e) =>
      components.reduce((sum, c) => {
        const own = d === e ? (a * c.std[d]!) ** 2 + b * b : 0;
        return sum + c.weight * (own + (a * c.mean[d]! - mean[d]!) * (a * c.mean[e]! - mean[e]!));
      }, 0),
    ),
  );
  return { mean, covariance };
}
