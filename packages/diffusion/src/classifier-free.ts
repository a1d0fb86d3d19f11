import { add, concat, mul, splitTensor, sub, type Tensor, tidy } from "@gen/tensor";
import type { LabelDenoiser } from "./denoiser.ts";
import { noLabels } from "./label-embedding.ts";

/**
 * How strong guidance is, in one of its two conventions: `scale` s, v_∅ + s·(v_y - v_∅), where 1 is no guidance; or
 * the paper's and the lectures' `w`, (1 + w)·v_y - w·v_∅, where 0 is no guidance. s = 1 + w.
 */
export type GuidanceStrength = { readonly scale: number } | { readonly w: number };

/**
 * Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598, eq. 6): the prediction is moved away from the
 * unconditional one. Both come from one call on the doubled batch. It is linear, hence the same for whatever is
 * predicted. Without guidance (s = 1) it is the denoiser itself.
 *
 * @returns a denoiser that must be given labels
 * @throws if the denoiser knows no classes or the strength is not finite
 */
export function classifierFree(denoiser: LabelDenoiser, strength: GuidanceStrength): LabelDenoiser {
  const scale = "scale" in strength ? strength.scale : 1 + strength.w;
  const { classes } = denoiser;
  if (!Number.isFinite(scale)) {
    throw new Error(
      `classifierFree: the strength must be a finite number, got ${JSON.stringify(strength)}`,
    );
  }
  if (!(classes > 0)) {
    throw new Error(
      "classifierFree: the denoiser knows no classes; train one with labels and label dropout",
    );
  }
  if (scale === 1) return denoiser;
  return {
    path: denoiser.path,
    prediction: denoiser.prediction,
    classes,
    predict(x, t, labels) {
      if (!labels) {
        throw new Error(
          "classifierFree: needs labels; pass them to the sampler as `condition`, int32 [batch]",
        );
      }
      return tidy(() => {
        const both = denoiser.predict(
          concat([x, x], 0),
          concat([t, t], 0),
          concat([labels, noLabels(labels.shape[0] as number, classes)], 0),
        );
        const [conditional, unconditional] = splitTensor(both, 2, 0) as [Tensor, Tensor];
        return add(unconditional, mul(sub(conditional, unconditional), scale));
      });
    },
  };
}
