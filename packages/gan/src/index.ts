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
export type { ResNetConfig } from "./resnet-config.ts";
export { GeneratorBlock, ResNetGenerator } from "./resnet-generator.ts";
export { DiscriminatorBlock, ResNetDiscriminator } from "./resnet-discriminator.ts";
export { ConditionalBatchNorm2d, type ImageNorm } from "./conditional-batch-norm2d.ts";
export {
  auxiliaryClassifier,
  type AuxiliaryClassifierOptions,
  type Classifier,
} from "./auxiliary-classifier.ts";
export { PatchDiscriminator, type PatchDiscriminatorConfig } from "./patch-discriminator.ts";
export { R3GANBlock, type R3GANConfig, R3GANDiscriminator, R3GANGenerator } from "./r3gan.ts";
export { StyleGenerator, type StyleGANConfig } from "./style-generator.ts";
export { StyleDiscriminator } from "./style-discriminator.ts";
export { MappingNetwork, type MappingNetworkOptions } from "./mapping-network.ts";
export { ModulatedConv2d } from "./modulated-conv2d.ts";
export { adaptiveInstanceNorm } from "./adaptive-instance-norm.ts";
export { Equalized, type EqualizedOptions } from "./equalized.ts";
export { minibatchDeviation } from "./minibatch-deviation.ts";
export { pathLength, type PathLengthOptions, pathLengths } from "./path-length.ts";

// What to look at.
export { lerpLatents, slerpLatents } from "./interpolate.ts";
export { interpolation, truncationSweep } from "./walks.ts";
export { projectImage, type ProjectImageOptions } from "./project-image.ts";
export { Monitor, type MonitorOptions, type MonitorRow, type Samples } from "./monitor.ts";
