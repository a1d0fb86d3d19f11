import {
  abs,
  add,
  clipByValue,
  div,
  gather,
  maximum,
  minimum,
  mul,
  neg,
  reshape,
  type Tensor,
  tidy,
  topk,
} from "@gen/tensor";
import type { Denoiser } from "../denoiser.ts";
import { predicting } from "./predicting.ts";

/**
 * Static thresholding: a denoiser whose predicted data stay in [-limit, limit], where images live (Saharia et al.
 * 2022, arXiv:2205.11487, section 2.3; DDPM's own sampler does it).
 *
 * @returns a denoiser that predicts the data
 */
export function staticThreshold<C>(
  denoiser: Denoiser<C>,
  { limit = 1 }: { readonly limit?: number } = {},
): Denoiser<C> {
  if (!(limit > 0)) throw new Error(`staticThreshold: limit must be above 0, got ${limit}`);
  return onData(denoiser, (data) => clipByValue(data, -limit, limit));
}

export interface DynamicThresholdOptions {
  /** The share of a sample's values that stay as they are. Default 0.995; the paper does not say. */
  readonly quantile?: number;
  /** The largest s. Default no limit. */
  readonly max?: number;
}

/**
 * Dynamic thresholding (Saharia et al. 2022, arXiv:2205.11487, section 2.3): s is the quantile of a sample's |data|,
 * at least 1; the predicted data are clipped to [-s, s] and divided by s. It lets strong guidance saturate no more
 * than the clip at 1, and keeps more detail. Quantiles between two values are interpolated, as PyTorch's.
 *
 * @returns a denoiser that predicts the data
 */
export function dynamicThreshold<C>(
  denoiser: Denoiser<C>,
  { quantile = 0.995, max = Infinity }: DynamicThresholdOptions = {},
): Denoiser<C> {
  if (!(quantile > 0 && quantile <= 1)) {
    throw new Error(`dynamicThreshold: quantile must be in (0, 1], got ${quantile}`);
  }
  if (!(max > 0)) throw new Error(`dynamicThreshold: max must be above 0, got ${max}`);
  return onData(denoiser, (data) => {
    const batch = data.shape[0] as number;
    const size = data.size / batch;
    const place = (size - 1) * quantile;
    const below = Math.floor(place);
    // The largest values down to the one just below the quantile, falling.
    const { values } = topk(reshape(abs(data), [batch, size]), size - below);
    const at = (rank: number): Tensor => gather(values, [Math.max(size - 1 - rank, 0)], 1);
    const share = place - below;
    const level = add(mul(at(below), 1 - share), mul(at(below + 1), share));
    const s = reshape(minimum(maximum(level, 1), max), [
      batch,
      ...data.shape.slice(1).map(() => 1),
    ]);
    return div(maximum(minimum(data, s), neg(s)), s) as Tensor;
  });
}

function onData<C>(denoiser: Denoiser<C>, change: (data: Tensor) => Tensor): Denoiser<C> {
  const model = predicting(denoiser, "data");
  return {
    ...model,
    predict: (x, t, condition) => tidy(() => change(model.predict(x, t, condition))),
  };
}
