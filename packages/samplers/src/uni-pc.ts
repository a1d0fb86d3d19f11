import { byHalf, checkVariant } from "./by-half.ts";
import type { Kind } from "./exponential.ts";
import { checkCount, multistep, type StartOptions } from "./multistep.ts";
import type { Sampler } from "./sampler.ts";

export interface UniPCOptions extends StartOptions {
  /** Predictions in the predictor, 1 to 3. Default 2. */
  readonly order?: 1 | 2 | 3;
  /** The paper's B(h): `bh1` is h, `bh2` is e^h - 1. Default `bh2`. */
  readonly variant?: "bh1" | "bh2";
  /** What the model is converted to. Default the data. */
  readonly kind?: Kind;
  /** Whether the last steps use lower orders, the last one 1. Default: if there are fewer than 15 steps. */
  readonly lowerOrderFinal?: boolean;
}

/**
 * UniPC-p (Zhao et al. 2023, arXiv:2302.04867, algorithms 5 to 8): a multistep predictor of order p, and a corrector
 * of order p + 1 that uses the prediction which the next step needs anyway: one evaluation a step. B(h) has a say only
 * where the paper takes 1/2 for the solution of its linear system; everything else is the polynomial's integral.
 *
 * @param times falling, one more than steps
 */
export function uniPC(times: readonly number[], options: UniPCOptions = {}): Sampler {
  const { order = 2, variant = "bh2", kind = "data", start } = options;
  const { lowerOrderFinal = times.length < 16 } = options;
  checkCount("uniPC", order, 3);
  checkVariant("uniPC", variant);
  // Begun with order 1, the first corrected step has an error of h³.
  const reached = Math.min(order + 1, start ? start.order : 3);
  return multistep("uniPC", reached, times, {
    kind,
    order,
    lowerOrderFinal,
    weights: byHalf(variant, "predictor"),
    corrector: { order, weights: byHalf(variant, "corrector") },
    ...(start && { start }),
  });
}
