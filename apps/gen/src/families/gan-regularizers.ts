import {
  AdaptiveAugmentation,
  type Augmentation,
  auxiliaryClassifier,
  brightness,
  consistency,
  contrast,
  cutout,
  differentiableAugmentation,
  dragan,
  gradientPenalty,
  lazily,
  pathLength,
  r1,
  r2,
  type Regularizer,
  ResNetDiscriminator,
  StyleGenerator,
  translate,
  weightClipping,
} from "@gen/gan";
import { misuse } from "../failure.ts";
import type { GANConfig } from "./gan-config.ts";
import type { Players } from "./gan-players.ts";

/** Those whose strength is not 0. */
export function createRegularizers(
  { regularizers: strengths, model }: GANConfig,
  { generator, discriminator }: Players,
): Regularizer[] {
  const { every } = strengths;
  const now = (regularizer: Regularizer): Regularizer =>
    every > 1 ? lazily(regularizer, every) : regularizer;
  const chosen: Regularizer[] = [];
  const where = (strength: number, make: () => Regularizer): void => {
    if (strength > 0) chosen.push(make());
  };
  where(strengths.gradientPenalty, () => gradientPenalty({ weight: strengths.gradientPenalty }));
  where(strengths.dragan, () => dragan({ weight: strengths.dragan }));
  where(strengths.r1, () => now(r1(strengths.r1)));
  where(strengths.r2, () => now(r2(strengths.r2)));
  where(strengths.weightClipping, () => weightClipping(strengths.weightClipping));
  where(strengths.consistency, () => {
    const { consistency: real } = strengths;
    return consistency(translate, { real, fake: real });
  });
  where(strengths.pathLength, () => {
    if (!(generator instanceof StyleGenerator)) {
      throw misuse(`regularizers.pathLength is of styles, which model.kind ${model.kind} has not.`);
    }
    return now(pathLength(generator, { weight: strengths.pathLength }));
  });
  if (discriminator instanceof ResNetDiscriminator && discriminator.classifier) {
    // Of what is generated, it and the generator could agree on classes of their own.
    chosen.push(auxiliaryClassifier(discriminator, { generated: 0 }));
  }
  return chosen;
}

/** What is done to images before the discriminator sees them. */
export function createAugmentation({ game, model }: GANConfig): Augmentation | undefined {
  if (game.augmentation === "none") return undefined;
  if (model.kind === "points")
    throw misuse("game.augmentation is for images; for points take none.");
  return game.augmentation === "differentiable"
    ? differentiableAugmentation([translate, cutout])
    : new AdaptiveAugmentation({
        transformations: [translate, brightness, contrast, cutout],
        images: 100_000,
      });
}
