// The game.
export type { Discriminator, Generator, Given } from "./players.ts";
export type { AdversarialLoss } from "./adversarial-loss.ts";
export { adversarialLosses, type AdversarialLossName } from "./adversarial-losses.ts";
export { minimax } from "./minimax.ts";
export { nonSaturating } from "./non-saturating.ts";
export { leastSquares } from "./least-squares.ts";
export { hinge } from "./hinge.ts";
export { wasserstein } from "./wasserstein.ts";
export { relativistic } from "./relativistic.ts";
export { ganStep, type GANStepOptions, type GANTrainee } from "./gan-step.ts";

// What is added to it.
export type { Game, Regularizer } from "./regularizer.ts";
export { gradientPenalty, type GradientPenaltyOptions } from "./gradient-penalty.ts";
export { dragan, type DraganOptions } from "./dragan.ts";
export { r1, r2 } from "./zero-centered-penalty.ts";
export { weightClipping } from "./weight-clipping.ts";
export { consistency, type ConsistencyOptions } from "./consistency.ts";
export { lazily } from "./lazily.ts";
export { SpectralNorm } from "./spectral-norm.ts";
export {
  AdaptiveAugmentation,
  type AdaptiveAugmentationOptions,
  type Augmentation,
  differentiableAugmentation,
} from "./augmentation.ts";
export {
  brightness,
  contrast,
  cutout,
  flip,
  rotate,
  saturation,
  type Transformation,
  type TransformationName,
  transformations,
  translate,
} from "./transformations.ts";

// Networks.
export { PointDiscriminator, PointGenerator, type PointPlayerConfig } from "./point-players.ts";
export type { DCGANConfig } from "./dcgan-config.ts";
export { DCGANDiscriminator } from "./dcgan-discriminator.ts";
export { DCGANGenerator } from "./dcgan-generator.ts";
