import { type EmbeddingOptions, TimeEmbedding, type TimeEmbeddingOptions } from "@gen/nn";
import { add, type Key, mul, split, type Tensor, tidy } from "@gen/tensor";
import { LabelEmbedding } from "./label-embedding.ts";
import type { Conditions } from "./network.ts";

export interface ConditioningOptions {
  readonly time?: TimeEmbeddingOptions;
  readonly label?: EmbeddingOptions;
}

// Sinusoidal embeddings were made for DDPM's 1,000 steps; our time runs from 0 to 1.
const TIME_SCALE = 1000;

/** Time and class as one vector for each sample: the sum of both embeddings, as in ADM and DiT. */
export class Conditioning {
  readonly time: TimeEmbedding;
  readonly label: LabelEmbedding | undefined;

  /** @param frequencies of the sinusoidal embedding of time  @param classes 0 for no labels */
  constructor(
    key: Key,
    frequencies: number,
    features: number,
    classes: number,
    options: ConditioningOptions = {},
  ) {
    const [timeKey, labelKey] = split(key, 2) as [Key, Key];
    this.time = new TimeEmbedding(timeKey, frequencies, features, options.time);
    this.label =
      classes > 0 ? new LabelEmbedding(labelKey, classes, features, options.label) : undefined;
  }

  /** t [batch] in [0, 1] → [batch, features]. The caller disposes of the result. */
  forward(t: Tensor, { labels }: Conditions): Tensor {
    if (labels && !this.label) {
      throw new Error(
        "forward: labels were given to a network made without classes; make it with `classes`",
      );
    }
    return tidy(() => {
      const time = this.time.forward(mul(t, TIME_SCALE));
      return this.label ? add(time, this.label.forward(labels, t.shape[0] as number)) : time;
    });
  }
}
