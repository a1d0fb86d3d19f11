import { Embedding } from "@gen/nn";
import { broadcastTo, concat, type Key, reshape, type Tensor, tidy } from "@gen/tensor";
import type { Part } from "./part.ts";

export interface ConditionedOptions {
  /** How many labels there are. */
  readonly classes: number;
  /** Numbers that a label becomes. Default 8. */
  readonly labelFeatures?: number | undefined;
}

/** What `Conditioned` appends to an input when nothing is said. */
export const defaultLabelFeatures = 8;

/**
 * A part that sees a label: a learnt vector of it stands beside the input's last axis, at every pixel where the input is
 * an image. With encoder and decoder both conditioned, a VAE becomes p(x | y) (Sohn et al., NeurIPS 2015).
 */
export class Conditioned implements Part {
  readonly embedding: Embedding;
  readonly part: Part;

  /** @param part takes inputs with `labelFeatures` more numbers in the last axis */
  constructor(
    key: Key,
    part: Part,
    { classes, labelFeatures = defaultLabelFeatures }: ConditionedOptions,
  ) {
    this.embedding = new Embedding(key, classes, labelFeatures);
    this.part = part;
  }

  /**
   * x [batch, …, n] and labels [batch] → what the part gives. The caller disposes of the result.
   *
   * @throws without labels
   */
  forward(x: Tensor, condition?: Tensor): Tensor {
    if (condition?.rank !== 1 || condition.shape[0] !== x.shape[0]) {
      throw new Error(
        `Conditioned.forward: condition must be one int32 label for each of ${x.shape[0]} examples, got ` +
          (condition ? `shape [${condition.shape.join(", ")}]` : "none"),
      );
    }
    return tidy(() => {
      const label = this.embedding.forward(condition);
      const [batch, features] = label.shape as [number, number];
      const between = x.shape.slice(1, -1);
      const aligned = reshape(label, [batch, ...between.map(() => 1), features]);
      return this.part.forward(
        concat([x, broadcastTo(aligned, [batch, ...between, features])], -1),
      );
    });
  }
}
