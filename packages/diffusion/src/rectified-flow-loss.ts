import { type TrainingTimes, uniformTimes } from "@gen/schedules";
import {
  add,
  bernoulli,
  draw,
  type Key,
  mean,
  mul,
  normal,
  type Scalar,
  split,
  square,
  sub,
  type Tensor,
  tidy,
  where,
} from "@gen/tensor";
import { noLabels } from "./label-embedding.ts";
import type { Network } from "./network.ts";

export interface RectifiedFlowLossOptions {
  readonly model: Network;
  /** Data [batch, …], for images in [-1, 1]. */
  readonly images: Tensor;
  /** int32 [batch], each in [0, classes). Left out: trained without labels. */
  readonly labels?: Tensor | undefined;
  /** Everything random follows from it: times, noise, which labels are dropped. */
  readonly key: Key;
  /** Default `uniformTimes`. */
  readonly times?: TrainingTimes;
  /** How many labels become «no label», for classifier-free guidance. Default 0.1 (arXiv:2207.12598, section 4). */
  readonly labelDropout?: number;
}

/**
 * The loss of rectified flow and conditional flow matching (Liu et al. 2022, arXiv:2209.03003, eq. 1; Lipman et al.
 * 2022, arXiv:2210.02747, eq. 23): the mean of (v(x_t, t) - (z - x))² over samples and all their numbers, at
 * x_t = (1 - t)·x + t·z with z standard normal. The model learns the velocity, E[z - x | x_t]. Times that are not
 * uniform weigh the loss by their density.
 *
 * @returns a scalar; the caller disposes of it
 * @throws if labels are given to a model without classes, or `labelDropout` is not in [0, 1]
 */
export function rectifiedFlowLoss(options: RectifiedFlowLossOptions): Scalar {
  const { model, images, labels, key, times = uniformTimes, labelDropout = 0.1 } = options;
  if (!(labelDropout >= 0 && labelDropout <= 1)) {
    throw new Error(`rectifiedFlowLoss: labelDropout must be in [0, 1], got ${labelDropout}`);
  }
  if (labels && model.classes === 0) {
    throw new Error(
      "rectifiedFlowLoss: labels were given to a model without classes; leave them out",
    );
  }
  const batch = images.shape[0] as number;
  const column = [batch, ...images.shape.slice(1).map(() => 1)];
  const [timeKey, noiseKey, dropKey] = split(key, 3) as [Key, Key, Key];
  return tidy(() => {
    // The same key gives the same times: t for the network, and the path's a = 1 - t and b = t.
    const t = draw(timeKey, [batch], times);
    const a = draw(timeKey, column, (k, rows) => times(k, rows).map((time) => 1 - time));
    const b = draw(timeKey, column, times);
    const noise = normal(noiseKey, images.shape);
    const noisy = add(mul(a, images), mul(b, noise));
    const kept =
      labels &&
      where(bernoulli(dropKey, [batch], labelDropout), noLabels(batch, model.classes), labels);
    const velocity = model.forward(noisy, t, { labels: kept });
    return mean(square(sub(velocity, sub(noise, images)))) as Scalar;
  });
}
