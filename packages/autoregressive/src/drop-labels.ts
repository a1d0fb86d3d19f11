import { bernoulli, cast, type Key, type Tensor, tidy, where } from "@gen/tensor";
import { noLabels } from "./guidance.ts";

export interface DropLabelsOptions {
  readonly key: Key;
  /** int32 [batch]. */
  readonly labels: Tensor;
  /** Of the model: the label that says «no label». */
  readonly classes: number;
  /** How many lose theirs. Default 0.1, as Ho and Salimans 2022 (arXiv:2207.12598). */
  readonly probability?: number;
}

/**
 * Labels of which some are replaced by «no label», so that a model learns both and can be guided.
 *
 * @returns int32 [batch]; the caller disposes of it
 * @throws if the probability is not in [0, 1]
 */
export function dropLabels({ key, labels, classes, probability = 0.1 }: DropLabelsOptions): Tensor {
  if (!(probability >= 0 && probability <= 1)) {
    throw new Error(`dropLabels: probability must be in [0, 1], got ${probability}`);
  }
  return tidy(() => {
    const dropped = cast(bernoulli(key, labels.shape, probability), "bool");
    return where(dropped, noLabels(labels.size, classes), labels);
  });
}
