import { Embedding, type EmbeddingOptions } from "@gen/nn";
import { type Key, type Tensor, tensor1d, tidy } from "@gen/tensor";

/**
 * A learnt vector for each class, and one more, the last, for «no label»: what a network is given where a label was
 * dropped, so that one network learns both the conditional and the unconditional (Ho and Salimans, arXiv:2207.12598).
 */
export class LabelEmbedding {
  readonly table: Embedding;
  readonly classes: number;

  constructor(key: Key, classes: number, features: number, options: EmbeddingOptions = {}) {
    this.table = new Embedding(key, classes + 1, features, options);
    this.classes = classes;
  }

  /** labels int32 [batch], «no label» for all where they are left out → [batch, features]. The caller disposes of it. */
  forward(labels: Tensor | undefined, batch: number): Tensor {
    return tidy(() => this.table.forward(labels ?? noLabels(batch, this.classes)));
  }
}

/** The index that says «no label», `batch` times: int32 [batch]. The caller disposes of it. */
export function noLabels(batch: number, classes: number): Tensor {
  return tensor1d(new Int32Array(batch).fill(classes), "int32");
}
