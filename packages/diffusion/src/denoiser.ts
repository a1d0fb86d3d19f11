import type { Denoiser } from "@gen/samplers";
import { type Path, type Prediction, rectifiedFlow } from "@gen/schedules";
import { compile, type Tensor, tidy } from "@gen/tensor";
import { noLabels } from "./label-embedding.ts";
import type { Network } from "./network.ts";

/** A denoiser whose condition is labels: int32 [batch], the index `classes` for «no label». */
export interface LabelDenoiser extends Denoiser<Tensor> {
  readonly classes: number;
  /** «No label» for each, which `classifierFree` of `@gen/samplers` moves away from. Only where there are classes. */
  without?(labels: Tensor): Tensor;
}

export interface DenoiserOptions {
  /** The path it was trained on. Default `rectifiedFlow`. */
  readonly path?: Path;
  /** What it predicts. Default the velocity. */
  readonly prediction?: Prediction;
}

/** A denoiser made from a network. */
export interface NetworkDenoiser extends LabelDenoiser {
  /** Frees what was compiled; the network stays. */
  dispose(): void;
}

/**
 * A network as a denoiser, for samplers. Its forward pass is compiled at the first call of each batch size, with the
 * weights for constants, and once more when they have changed: it reads them at every call from then on, so one
 * denoiser serves all of a training run.
 *
 * @param model stays the caller's
 */
export function denoiser(model: Network, options: DenoiserOptions = {}): NetworkDenoiser {
  const { path = rectifiedFlow, prediction = "velocity" } = options;
  const { classes } = model;
  const compiling = { name: "denoiser", fixedWeights: true };
  const labelled = compile(
    (x: Tensor, t: Tensor, labels: Tensor) => model.forward(x, t, { labels }),
    compiling,
  );
  const plain = compile((x: Tensor, t: Tensor) => model.forward(x, t), compiling);
  return {
    path,
    prediction,
    classes,
    ...(classes > 0 && { without: (labels) => noLabels(labels.shape[0] as number, classes) }),
    predict(x, t, labels) {
      if (classes === 0) {
        if (labels)
          throw new Error("denoiser: labels were given to a model without classes; leave them out");
        return plain(x, t);
      }
      return tidy(() => labelled(x, t, labels ?? noLabels(x.shape[0] as number, classes)));
    },
    dispose() {
      labelled.dispose();
      plain.dispose();
    },
  };
}
