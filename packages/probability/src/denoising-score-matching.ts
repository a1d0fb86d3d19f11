import {
  add,
  div,
  draw,
  mean,
  mul,
  normal,
  pow,
  reshape,
  scalar,
  square,
  sum,
  tidy,
} from "@gen/tensor";
import { uniformArray, type Key, type Scalar, type Tensor } from "@gen/tensor";

export interface DenoisingOptions {
  readonly key: Key;
  /** The noise level of each row, [batch]: one, or drawn by `drawNoiseLevels`. */
  readonly sigma: Tensor;
  /** p of the weight σ^p that makes all levels count alike. Default 2, as in NCSN. */
  readonly annealPower?: number;
}

/**
 * Denoising score matching, ½·E[σ^p·‖s(x + σz, σ) + z/σ‖²], summed over dimensions (Vincent 2011; with the weights of
 * Song and Ermon 2019, arXiv:1907.05600, eqs. 5 and 6). Its minimum over s is the score of the data with noise added,
 * not that of the data.
 *
 * @param score the model: noisy x [batch, …] and sigma [batch] → a tensor like x
 * @param x data, [batch, …]
 * @returns a scalar, the mean over the batch; the caller disposes of it
 */
export function denoisingScoreMatchingLoss(
  score: (x: Tensor, sigma: Tensor) => Tensor,
  x: Tensor,
  options: DenoisingOptions,
): Scalar {
  const { key, sigma, annealPower = 2 } = options;
  const batch = x.shape[0] as number;
  if (sigma.rank !== 1 || sigma.shape[0] !== batch) {
    throw new Error(
      `denoisingScoreMatchingLoss: sigma must be the noise level of each of the ${batch} rows of x, got shape [${sigma.shape.join(", ")}]`,
    );
  }
  return tidy(() => {
    const z = normal(key, x.shape);
    const level = reshape(sigma, [batch, ...x.shape.slice(1).map(() => 1)]);
    const miss = add(score(add(x, mul(level, z)), sigma), div(z, level));
    const axes = x.shape.map((_, axis) => axis).slice(1);
    const each = mul(pow(sigma, scalar(annealPower)), sum(square(miss), axes));
    return mul(mean(each), scalar(0.5));
  });
}

/**
 * A noise level for each row, drawn uniformly from a list: `geometricNoiseLevels(1, 0.01, 10)`.
 *
 * @returns [count]; the caller disposes of it
 */
export function drawNoiseLevels(key: Key, levels: readonly number[], count: number): Tensor {
  if (levels.length < 1 || !levels.every((level) => level > 0 && level < Infinity)) {
    throw new Error(
      `drawNoiseLevels: levels must be one or more positive numbers, got [${levels.join(", ")}]`,
    );
  }
  return draw(key, [count], (k, rows) =>
    uniformArray(k, rows).map((u) => levels[Math.floor(u * levels.length)] as number),
  );
}
