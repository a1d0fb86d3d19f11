import { mean, mul, neg, sum, type Tensor, tidy } from "@gen/tensor";
import type { PixelOutput } from "./pixel-output.ts";

/** A network that says how each pixel is distributed, given those before it: row by row, from the left. */
export interface PixelModel {
  readonly output: PixelOutput;
  /** Default 0: no labels. */
  readonly classes: number;
  /**
   * @param images float32 [batch, height, width, channels] in [−1, 1]
   * @param labels int32 [batch], for a network with classes
   * @returns [batch, height, width, output.parameters]; the caller disposes of it
   */
  forward(images: Tensor, labels?: Tensor): Tensor;
}

/**
 * One in two parts: what the rows above say, and what a row says along itself. A sampler computes the first once a row,
 * and the second of one row alone: `forward(images)` is `along(images, above(images))`.
 */
export interface RowPixelModel extends PixelModel {
  /**
   * What the rows above each pixel say of it, whatever its own row and those below hold.
   *
   * @returns tensors [batch, height, width, …]; the caller disposes of them
   */
  above(images: Tensor, labels?: Tensor): Tensor[];
  /**
   * @param images whole ones, or some rows of them
   * @param above of the same rows
   * @returns as `forward`
   */
  along(images: Tensor, above: readonly Tensor[], labels?: Tensor): Tensor;
}

export interface PixelLossOptions {
  readonly model: PixelModel;
  /** float32 [batch, height, width, channels], levels in [−1, 1]. */
  readonly images: Tensor;
  /** int32 [batch], for a model with classes. */
  readonly labels?: Tensor | undefined;
}

/** Scalars. */
export type PixelLosses = Record<"loss" | "bitsPerDimension", Tensor>;

/**
 * The negative log-likelihood of an image in nats, the mean over the batch, and the same in bits per dimension (a pixel
 * of three channels is three dimensions). For `trainStep` of `@gen/train`.
 *
 * @returns the caller disposes of both
 */
export function pixelLoss({ model, images, labels }: PixelLossOptions): PixelLosses {
  return tidy(() => {
    const loss = neg(mean(pixelLogProb({ model, images, labels })));
    const dimensions = images.size / (images.shape[0] as number);
    return { loss, bitsPerDimension: mul(loss, Math.LOG2E / dimensions) };
  });
}

/** log p of each image in nats [batch]. The caller disposes of it. */
export function pixelLogProb({ model, images, labels }: PixelLossOptions): Tensor {
  return tidy(() => sum(model.output.logProb(model.forward(images, labels), images), [1, 2]));
}
