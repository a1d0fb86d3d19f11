import { type Mode } from "@gen/nn";
import {
  add,
  cast,
  logSoftmax,
  mean,
  mul,
  neg,
  oneHot,
  sum,
  type Tensor,
  type Tensor1D,
  tidy,
} from "@gen/tensor";
import { nonNegative } from "./non-negative.ts";
import type { Game, Regularizer } from "./regularizer.ts";

/** Something that tells classes: logits [batch, classes] of images. */
export interface Classifier {
  classify(x: Tensor, mode?: Mode): Tensor;
}

export interface AuxiliaryClassifierOptions {
  /** Of the classes against the adversarial loss; 1, the paper's. */
  readonly weight?: number;
  /**
   * How much the discriminator learns the classes of generated images; 1, the paper's. At 0 it learns from data alone,
   * and the players cannot agree on classes of their own.
   */
  readonly generated?: number;
}

/**
 * ACGAN (Odena et al. 2017, arXiv:1610.09585, eq. 3): both players minimise the cross-entropy of the class, the
 * discriminator of real and of generated images, the generator of its own. In nats. Batches need labels.
 *
 * @param classifier the discriminator: `new ResNetDiscriminator(key, { …, head: "classifier" })`
 */
export function auxiliaryClassifier(
  classifier: Classifier,
  { weight = 1, generated = 1 }: AuxiliaryClassifierOptions = {},
): Regularizer {
  nonNegative("auxiliaryClassifier", { weight, generated });
  const name = "auxiliaryClassifier";
  const entropy = ({ labels }: Game, x: Tensor): Tensor => {
    if (!labels) throw new Error(`${name}: a batch must have labels, int32 [batch], got none`);
    const logits = classifier.classify(x, "training");
    const y = cast(oneHot(labels as Tensor1D, logits.shape[1] as number), "float32");
    return mul(weight, neg(mean(sum(mul(y, logSoftmax(logits)), 1))));
  };
  return {
    name,
    discriminator: (game) =>
      tidy(() => add(entropy(game, game.real), mul(generated, entropy(game, game.fake)))),
    generator: (game) => tidy(() => entropy(game, game.fake)),
  };
}
