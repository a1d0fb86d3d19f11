import { tensor, type Tensor, tidy, where } from "@gen/tensor";
import type { Denoiser } from "../denoiser.ts";
import { hostTimes } from "../denoisers/at-times.ts";
import { predicting } from "../denoisers/predicting.ts";
import { checkSamePath } from "../denoisers/same-path.ts";

/** Times of a path: those above `above`, up to and with `upTo`. */
export interface TimeInterval {
  /** Default 0. */
  readonly above?: number;
  /** Default the end of the path. */
  readonly upTo?: number;
}

/**
 * One denoiser inside an interval of times, another outside. With a guided one inside and the same unguided outside
 * it is guidance in a limited interval (Kynkäänniemi et al. 2024, arXiv:2404.07724): better samples, and the second
 * evaluation is saved outside. The other one is asked only where some sample needs it, so it makes an ensemble of
 * experts too.
 *
 * @param outside a denoiser on the same path; it may predict another kind
 * @throws if the interval is empty or the paths differ
 */
export function interval<C>(
  inside: Denoiser<C>,
  outside: Denoiser<C>,
  { above = 0, upTo = inside.path.end }: TimeInterval,
): Denoiser<C> {
  if (!(above >= 0 && above < upTo)) {
    throw new Error(`interval: above must be in [0, upTo), got above = ${above}, upTo = ${upTo}`);
  }
  checkSamePath("interval", inside, outside);
  const other = predicting(outside, inside.prediction);
  const [low, high] = [Math.fround(above), Math.fround(upTo)];
  return {
    ...inside,
    predict: (x, t, condition) =>
      tidy(() => {
        const within = hostTimes(t).map((time) => time > low && time <= high);
        if (within.every(Boolean)) return inside.predict(x, t, condition);
        if (!within.some(Boolean)) return other.predict(x, t, condition);
        const mask = tensor(within, [within.length, ...x.shape.slice(1).map(() => 1)], "bool");
        return where(
          mask,
          inside.predict(x, t, condition),
          other.predict(x, t, condition),
        ) as Tensor;
      }),
  };
}
