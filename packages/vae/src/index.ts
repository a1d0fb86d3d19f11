// Networks, and the models that they make.
export type { Part } from "./part.ts";
export type { ConvConfig } from "./conv-config.ts";
export { ConvDecoder, type ConvDecoderConfig } from "./conv-decoder.ts";
export { ConvEncoder, type ConvEncoderConfig } from "./conv-encoder.ts";
export { DenseNetwork, type DenseNetworkConfig } from "./dense-network.ts";
export { Conditioned, type ConditionedOptions } from "./conditioned.ts";
export {
  Autoencoder,
  autoencoderLoss,
  type AutoencoderLossOptions,
  type AutoencoderParts,
} from "./autoencoder.ts";
export { VAE, type VAEParts } from "./vae.ts";
export { convVAE, type ConvVAEConfig } from "./conv-vae.ts";
export { denseVAE, type DenseVAEConfig } from "./dense-vae.ts";

// Likelihoods.
export type { Likelihood } from "./likelihood.ts";
export { type LikelihoodConfig, likelihoodOf } from "./likelihoods.ts";
export { bernoulli } from "./bernoulli.ts";
export { discretizedLogistic } from "./discretized-logistic.ts";
export { gaussian, gaussianWithVariance } from "./gaussian.ts";

// Bounds and losses.
export {
  type DiagonalGaussian,
  diagonalGaussian,
  klOfEachLatent,
  klToStandardNormal,
  reparameterize,
} from "./diagonal-gaussian.ts";
export { elbo, type Elbo, type ElboOptions } from "./elbo.ts";
export { vaeLoss, type VAELosses, type VAELossOptions } from "./vae-loss.ts";
export { klPenalty, type Latents, type Penalty } from "./penalty.ts";
export { capacityPenalty } from "./capacity-penalty.ts";
export { freeBitsPenalty } from "./free-bits-penalty.ts";
export { mmdPenalty, type MMDPenaltyOptions } from "./mmd-penalty.ts";
export {
  totalCorrelationPenalty,
  type TotalCorrelationOptions,
} from "./total-correlation-penalty.ts";
export { scheduled } from "./scheduled.ts";
export { type ImportanceOptions, importanceWeights } from "./importance-weights.ts";
export { iwaeLoss } from "./iwae-loss.ts";
export { anomalyScore, logLikelihood, type LogLikelihoodOptions } from "./log-likelihood.ts";

// Discrete codes.
export type { Quantized, QuantizeOptions, Quantizer } from "./quantizer.ts";
export { CodebookQuantizer, type VectorQuantizerConfig } from "./codebook-quantizer.ts";
export { VectorQuantizer } from "./vector-quantizer.ts";
export { EmaVectorQuantizer } from "./ema-vector-quantizer.ts";
export { ResidualQuantizer } from "./residual-quantizer.ts";
export { FiniteScalarQuantizer } from "./finite-scalar-quantizer.ts";
export { LookupFreeQuantizer, type LookupFreeQuantizerConfig } from "./lookup-free-quantizer.ts";
export { GumbelQuantizer, type GumbelQuantizerConfig } from "./gumbel-quantizer.ts";
export { type QuantizerConfig, quantizerOf } from "./quantizer-config.ts";
export { nearestCode } from "./nearest-code.ts";
export { kMeans } from "./k-means.ts";
export { codeCounts, codeStatistics } from "./code-statistics.ts";
export { convVQVAE, type ConvVQVAEConfig, VQVAE, type VQVAEParts } from "./vqvae.ts";
export { vqvaeLoss, type VQVAELosses, type VQVAELossOptions } from "./vqvae-loss.ts";

// Normalizing flows.
export type { Bijector, Transformed } from "./bijector.ts";
export { ActNorm } from "./act-norm.ts";
export { AffineCoupling, type AffineCouplingConfig } from "./affine-coupling.ts";
export { MaskedAutoregressive } from "./masked-autoregressive.ts";
export { MaskedMixture, type MaskedMixtureConfig } from "./masked-mixture.ts";
export { TrainableMixture, type TrainableMixtureConfig } from "./trainable-mixture.ts";
export type { MaskedNetwork, MaskedNetworkConfig } from "./masked-network.ts";
export {
  type FlowBase,
  flowLoss,
  type FlowLossOptions,
  NormalizingFlow,
} from "./normalizing-flow.ts";
export { type FlowConfig, maskedAutoregressiveFlow, realNVP } from "./flows.ts";

// A hierarchy of latents.
export { klOfGaussians, LadderVAE, type LadderVAEConfig } from "./ladder-vae.ts";
export {
  ladderElbo,
  type LadderElbo,
  type LadderElboOptions,
  ladderLoss,
  type LadderLossOptions,
} from "./ladder-loss.ts";

// VQGAN's first stage.
export { adaptiveWeight, type AdaptiveWeightOptions } from "./adaptive-weight.ts";
export { type FeatureMaps, perceptualLoss } from "./perceptual-loss.ts";
export {
  type CriticLoss,
  type DecoderOfImages,
  type FirstStage,
  type PatchCritic,
  vqganStep,
  type VQGANStepOptions,
} from "./vqgan-step.ts";

// Looking at latents.
export { type Between, interpolate, traverse } from "./latent-paths.ts";
export {
  mutualInformationGap,
  type MutualInformationGapOptions,
} from "./mutual-information-gap.ts";
