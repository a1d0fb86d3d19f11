import type { Denoiser } from "@gen/samplers";
import { type Path, type Prediction, rectifiedFlow } from "@gen/schedules";
import { compile, concat, inShards, type Tensor, tidy } from "@gen/tensor";
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
  /**
   * Into how many equal parts a batch is split where it can be, to be computed at the same time, each on a share of the
   * processor's cores (`inShards` of `@gen/tensor`). Default 1.
   */
  readonly shards?: number;
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
  const { path = rectifiedFlow, prediction = "velocity", shards = 1 } = options;
  const { classes } = model;
  const forward = compile(
    (x: Tensor, t: Tensor, labels?: Tensor) => {
      const count = (x.shape[0] ?? 1) % shards === 0 ? shards : 1;
      const parts = inShards(count, { x, t, labels }, (part) =>
        model.forward(part.x, part.t, { labels: part.labels }),
      );
      return parts.length === 1 ? (parts[0] as Tensor) : concat(parts);
    },
    { name: "denoiser", fixedWeights: true },
  );
  return {
    path,
    prediction,
    classes,
    ...(classes > 0 && { without: (labels) => noLabels(labels.shape[0] as number, classes) }),
    predict(x, t, labels) {
      if (classes === 0) {
        if (labels)
          throw new Error("denoiser: labels were given to a model without classes; leave them out");
        return forward(x, t);
      }
      return tidy(() => forward(x, t, labels ?? noLabels(x.shape[0] as number, classes)));
    },
    dispose() {
      forward.dispose();
    },
  };
}
