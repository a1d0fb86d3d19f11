import type { Path, Prediction } from "@gen/schedules";
import { add, div, exp, log, logSumExp, matMul, mul, reshape, sub, sum, tidy } from "@gen/tensor";
import { square, tensor, type Tensor } from "@gen/tensor";
import type { FiniteDataSet, GaussianDensity, MixtureDensity } from "./exact/index.ts";
import { symmetricEigen } from "./exact/linear-algebra.ts";
import { finiteTarget } from "./exact/oracle.ts";

/** A model for the samplers (`Denoiser` of `@gen/samplers`). */
export interface OracleDenoiser {
  readonly path: Path;
  readonly prediction: Prediction;
  predict(x: Tensor, t: Tensor): Tensor;
}

/**
 * The best model there can be of a distribution on a path, on tensors: what a network trained to the end would predict.
 * It is differentiable in x, to any order. `exactOracle` is the same in float64.
 *
 * `predict(x, t)` takes x [batch, …] with as many numbers in a row as the distribution has dimensions, and t [batch].
 * Times go through the path's own functions on the host, so it cannot be used inside `compile`, nor differentiated in
 * t. A finite data set takes memory for batch × points × dimensions numbers.
 *
 * @param prediction what it predicts. Default the velocity
 */
export function oracleDenoiser(
  source: GaussianDensity | MixtureDensity | FiniteDataSet,
  path: Path,
  prediction: Prediction = "velocity",
): OracleDenoiser {
  const { count, logWeights, means, variances, axes } = modesOf(source);
  const dims = source.dimensions;
  return {
    path,
    prediction,
    predict(x, t) {
      const batch = x.shape[0] as number;
      if (x.size !== batch * dims || t.shape.join() !== String(batch)) {
        throw new Error(
          `oracleDenoiser: x must be [batch, …] with ${dims} numbers in a row, and t [batch], got [${x.shape.join(", ")}] and [${t.shape.join(", ")}]`,
        );
      }
      const times = Array.from(t.dataSync<"float32">());
      const column = (coefficient: (t: number) => number): Tensor =>
        tensor(Float32Array.from(times, coefficient), [1, batch, 1]);
      return tidy(() => {
        const a = column(path.a);
        // A finite data set has no density without noise; this little is none in float32.
        const b = column((time) => Math.max(path.b(time), 1e-6));
        const wanted = (time: number) => finiteTarget("oracleDenoiser", path, time, prediction);
        const m = tensor(means, [count, 1, dims]);
        const lambda = tensor(variances, [count, 1, dims]);
        // In the axes of each mode, all [modes, batch, dims]: the deviation y, its variance, and y / variance.
        const turn = axes && tensor(axes, [count, dims, dims]);
        const offset = sub(reshape(x, [1, batch, dims]), mul(a, m));
        const y = turn ? matMul(offset, turn, false, true) : offset;
        const variance = add(mul(square(a), lambda), square(b));
        const pull = div(y, variance);
        const exponent = sum(add(log(variance), mul(y, pull)), 2);
        const logits = sub(tensor(logWeights, [count, 1]), div(exponent, 2));
        const shares = exp(sub(logits, logSumExp(logits, 0, true)));
        // E[data | x, mode] = m + a·λ·pull and E[noise | x, mode] = b·pull.
        const data = column((time) => wanted(time).data);
        const noise = column((time) => wanted(time).noise * Math.max(path.b(time), 1e-6));
        const along = mul(add(mul(mul(data, a), lambda), noise), pull);
        const each = add(mul(data, m), turn ? matMul(along, turn) : along);
        return reshape(sum(mul(reshape(shares, [count, batch, 1]), each), 0), x.shape);
      });
    },
  };
}

/** A distribution as normal modes with their principal axes. */
interface Modes {
  readonly count: number;
  readonly logWeights: Float32Array;
  /** [count × dims] */
  readonly means: Float32Array;
  /** Along the axes, [count × dims]. */
  readonly variances: Float32Array;
  /** The axes as rows, [count × dims × dims], or nothing where they are the coordinates. */
  readonly axes?: Float32Array;
}

function modesOf(source: GaussianDensity | MixtureDensity | FiniteDataSet): Modes {
  if ("data" in source) {
    const { count, data } = source;
    return {
      count,
      logWeights: new Float32Array(count),
      means: Float32Array.from(data),
      variances: new Float32Array(data.length),
    };
  }
  const components = "components" in source ? source.components : [source];
  const weights = "components" in source ? source.weights : [1];
  const straight = components.every(({ covariance }) =>
    covariance.every((row, i) => row.every((value, j) => i === j || value === 0)),
  );
  const modes = components.map(({ covariance }) =>
    straight
      ? { values: covariance.map((row, i) => row[i] as number), vectors: [] }
      : symmetricEigen(covariance),
  );
  return {
    count: components.length,
    logWeights: Float32Array.from(weights, Math.log),
    means: Float32Array.from(components.flatMap(({ mean }) => mean)),
    variances: Float32Array.from(modes.flatMap(({ values }) => values)),
    ...(straight
      ? {}
      : { axes: Float32Array.from(modes.flatMap(({ vectors }) => vectors.flat())) }),
  };
}
