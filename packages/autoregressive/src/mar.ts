import { attention, Embedding, init, LayerNorm, Linear, parameter } from "@gen/nn";
import { cosine, type Path, type Prediction } from "@gen/schedules";
import {
  add,
  concat,
  expandDims,
  foldIn,
  type Key,
  mul,
  slice,
  sub,
  type Tensor,
  tidy,
  type Variable,
} from "@gen/tensor";
import { DiffusionHead, type DiffusionHeadConfig } from "./diffusion-head.ts";
import { expectLabels } from "./expect-labels.ts";
import { noLabels } from "./guidance.ts";
import { TransformerBlock } from "./transformer-block.ts";

export interface MARConfig {
  /** How many tokens an example has. */
  readonly tokens: number;
  /** Numbers of a token: patch² · channels, or those of a latent. */
  readonly features: number;
  /** Features of a token in the transformer, a multiple of `heads`. */
  readonly width: number;
  /** How many blocks. */
  readonly depth: number;
  readonly heads: number;
  readonly head: Pick<DiffusionHeadConfig, "width" | "depth">;
  /** Default 0: no labels. The label `classes` says «no label», for guidance. */
  readonly classes?: number;
}

/**
 * Masked autoregressive generation of continuous tokens (MAR, Li et al. 2024, arXiv:2406.11838) in small: a transformer
 * in which all places see one another says of each unknown token, by a vector, what the known ones imply, and a
 * diffusion head draws the token given that vector. Tokens become known in any order, several at a time. The paper
 * encodes the known tokens alone and adds mask tokens in a decoder, where here one stack sees both; it has 64 class
 * tokens where here is one; and its head predicts noise, where here v, which is determined at both ends of the path.
 *
 * Weights of the blocks start Xavier uniform, as in the authors' code; positions and what stands for the unknown start as large as
 * the known tokens, not at 0.02: which place a token has must be seen among what it holds, or no place finds its
 * neighbours in the few thousand steps of a small model.
 */
export class MAR {
  readonly input: Linear;
  /** What stands in the place of an unknown token: [width]. */
  readonly unknown: Variable;
  /** [1 + tokens, width]. */
  readonly positions: Embedding;
  /** What stands in front: a row for each class, and one for «no label». */
  readonly start: Embedding;
  readonly blocks: TransformerBlock[];
  readonly norm: LayerNorm;
  readonly head: DiffusionHead;
  readonly config: MARConfig;
  readonly classes: number;
  /** Of the head. */
  readonly path: Path = cosine();
  readonly prediction: Prediction = "v";

  constructor(key: Key, config: MARConfig) {
    const { tokens, features, width, depth, heads, head, classes = 0 } = config;
    const at = (i: number): Key => foldIn(key, i);
    this.input = new Linear(at(0), features, width);
    this.unknown = parameter(init.normal(1)(at(1), [width], { in: width, out: width }), [width]);
    this.positions = new Embedding(at(2), 1 + tokens, width);
    this.start = new Embedding(at(3), classes + 1, width);
    this.head = new DiffusionHead(at(4), { ...head, features, condition: width });
    this.blocks = Array.from(
      { length: depth },
      (_, i) => new TransformerBlock(at(i + 5), width, heads, depth, init.xavierUniform),
    );
    this.norm = new LayerNorm(width);
    this.config = config;
    this.classes = classes;
  }

  /**
   * What the known tokens imply for each place.
   *
   * @param tokens float32 [batch, tokens, features]; those that are not known do not matter
   * @param known float32 [batch, tokens], 1 for known and 0 for not
   * @param labels int32 [batch], for a network with classes, each in [0, classes]
   * @returns [batch, tokens, width], the condition of the head; the caller disposes of it
   */
  forward(tokens: Tensor, known: Tensor, labels?: Tensor): Tensor {
    const { tokens: count, features } = this.config;
    const batch = tokens.shape[0] as number;
    if (tokens.shape.join() !== [batch, count, features].join()) {
      throw new Error(
        `MAR.forward: tokens must be [batch, ${count}, ${features}], got [${tokens.shape.join(", ")}]`,
      );
    }
    if (known.shape.join() !== [batch, count].join()) {
      throw new Error(
        `MAR.forward: known must be [${batch}, ${count}], got [${known.shape.join(", ")}]`,
      );
    }
    expectLabels("MAR.forward", this.classes, batch, labels);
    return tidy(() => {
      const is = expandDims(known, -1);
      const seen = add(mul(this.input.forward(tokens), is), mul(this.unknown, sub(1, is)));
      const first = this.start.forward(labels ?? noLabels(batch, this.classes));
      const given = add(concat([expandDims(first, 1), seen], 1), this.positions.weight);
      const h = this.blocks.reduce((x, block) => block.forward(x, attention), given);
      return this.norm.forward(slice(h, [0, 1, 0], [-1, -1, -1]));
    });
  }
}
