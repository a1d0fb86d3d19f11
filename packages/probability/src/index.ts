// Distributions, divergences, bounds and estimators on tensors.
export {
  tractable,
  type Bound,
  type Density,
  type Pathwise,
  type Samples,
  type Tractability,
} from "./tractable.ts";
export type { ClosedKl, Distribution, Entropic, Moments } from "./distribution.ts";
export type { Parameter } from "./parameter.ts";
export { independent, type Independent } from "./independent.ts";
export type { LocationScale, LocationScaleDistribution } from "./location-scale.ts";
export { diagonalGaussian, gaussian, type Gaussian } from "./gaussian.ts";
export { correlatedGaussian } from "./correlated-gaussian.ts";
export { laplace, type Laplace } from "./laplace.ts";
export { logistic } from "./logistic.ts";
export { gumbelDistribution } from "./gumbel-distribution.ts";
export {
  uniformDistribution,
  type Interval,
  type UniformDistribution,
} from "./uniform-distribution.ts";
export { bernoulliDistribution, type BernoulliDistribution } from "./bernoulli-distribution.ts";
export {
  categoricalDistribution,
  type CategoricalDistribution,
} from "./categorical-distribution.ts";
export { logProbabilities } from "./log-probabilities.ts";
export { mixture, type Mixture } from "./mixture.ts";
export { stacked } from "./stacked.ts";
export {
  discretizedLogistic,
  type DiscretizedLogistic,
  type Levels,
} from "./discretized-logistic.ts";
export {
  colorLogisticMixture,
  type ColorLogisticMixtureOptions,
} from "./color-logistic-mixture.ts";
export { empirical, type Empirical } from "./empirical.ts";
export { kernelDensity } from "./kernel-density.ts";
export { crossEntropy } from "./cross-entropy.ts";
export {
  divergenceBySamples,
  divergenceOnGrid,
  jensenShannon,
  kullbackLeibler,
  reverseKullbackLeibler,
  totalVariation,
  type FDivergence,
  type Grid,
} from "./f-divergence.ts";
export {
  inverseMultiquadraticKernel,
  polynomialKernel,
  rbfKernel,
  type Kernel,
  type PolynomialKernelOptions,
} from "./kernel.ts";
export {
  maximumMeanDiscrepancy,
  type MaximumMeanDiscrepancyOptions,
} from "./maximum-mean-discrepancy.ts";
export { slicedWasserstein, type SlicedWassersteinOptions } from "./sliced-wasserstein.ts";
export { kantorovichRubinstein } from "./kantorovich-rubinstein.ts";
export { straightThrough } from "./straight-through.ts";
export { gumbelSoftmax, type GumbelSoftmaxOptions } from "./gumbel-softmax.ts";
export { elbo, iwae } from "./elbo.ts";
export {
  latentVariableModel,
  logImportanceWeights,
  type LatentVariableBoundOptions,
  type LatentVariableModel,
} from "./latent-variable-model.ts";
export { effectiveSampleSize, normalizedWeights } from "./importance-weights.ts";
export { freeBits } from "./free-bits.ts";
export {
  maximumLikelihoodBernoulli,
  maximumLikelihoodCategorical,
  maximumLikelihoodGaussian,
  type CountOptions,
} from "./maximum-likelihood.ts";
export { anomalyScore } from "./anomaly-score.ts";
export { ganValue, optimalDiscriminatorLogit } from "./optimal-discriminator.ts";
export {
  bitsPerDimension,
  natsToBits,
  type BitsPerDimensionOptions,
} from "./bits-per-dimension.ts";
export { logGamma, stirling } from "./log-gamma.ts";
export { logMeanExp } from "./log-sum-exp.ts";

// The exact side in float64 (alone: @gen/probability/exact).
export * from "./exact/index.ts";

// Scores, fields and oracles on tensors.
export { scoreOf } from "./score-of.ts";
export { tweedieMean } from "./tweedie-mean.ts";
export {
  denoisingScoreMatchingLoss,
  drawNoiseLevels,
  type DenoisingOptions,
} from "./denoising-score-matching.ts";
export {
  implicitScoreMatchingLoss,
  slicedScoreMatchingLoss,
  slicedScoreMatchingVrLoss,
} from "./score-matching.ts";
export { tensorStates } from "./tensor-states.ts";
export { oracleDenoiser, type OracleDenoiser } from "./oracle-denoiser.ts";
export { divergence, hutchinsonDivergence, type FieldDivergence } from "./divergence.ts";
export type { ProbeKind } from "./probe.ts";
