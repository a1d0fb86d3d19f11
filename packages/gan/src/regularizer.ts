import type { Key, Tensor, Variable } from "@gen/tensor";
import type { Discriminator, Generator } from "./players.ts";

/** What a regulariser sees of an update. All tensors stay the step's. */
export interface Game {
  readonly generator: Generator;
  readonly discriminator: Discriminator;
  /** The discriminator's logits of any data, augmented and conditioned as the step does it. */
  judge(x: Tensor): Tensor;
  /** Data [batch, …]. */
  readonly real: Tensor;
  /** Generated data of the same shape: constants for the discriminator, a function of the generator for the generator. */
  readonly fake: Tensor;
  /** int32 [batch], where the batch has labels. */
  readonly labels: Tensor | undefined;
  /** This update's randomness for this regulariser. */
  readonly key: Key;
}

/**
 * Something added to the game. All parts may be there or not; any number of regularisers go together, with any loss.
 * It is a plain object, not an instance of a class: `lazily` copies it.
 */
export interface Regularizer {
  /** Its terms are reported under this name. */
  readonly name: string;
  /** A scalar, added to the discriminator's loss. */
  discriminator?(game: Game): Tensor;
  /** A scalar, added to the generator's loss. */
  generator?(game: Game): Tensor;
  /** Changes the discriminator's parameters after each of its updates. */
  project?(parameters: Record<string, Variable>): void;
  /** What it remembers from step to step. */
  state?(): Record<string, Variable>;
  /** Takes part in steps 0, every, 2·every, …; 1 by default. See `lazily`. */
  readonly every?: number;
}
