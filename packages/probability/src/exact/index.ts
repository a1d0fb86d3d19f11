// Exact probability in float64: plain numbers, no tensors.
export type {
  Denoisable,
  Denoised,
  ExactDensity,
  ExactSamples,
  Noisable,
  Points,
} from "./density.ts";
export { gaussianDensity, type GaussianDensity, type LinearDensity } from "./gaussian-density.ts";
export {
  mixtureDensity,
  responsibilities,
  type MixtureDensity,
  type Responsibilities,
} from "./mixture-density.ts";
export { gaussianPosterior, sumOfGaussians, type LinearGaussianLikelihood } from "./bayes.ts";
export { finiteDataSet, type FiniteDataSet } from "./finite-data-set.ts";
export {
  conditionalOfTable,
  jointTable,
  marginalsOfTable,
  posteriorTable,
  type Table,
} from "./bayes-table.ts";
export { lineMeasure, tableMeasure, type Measure } from "./measure.ts";
export {
  crossEntropyOf,
  crossEntropyOfGaussians,
  entropyOf,
  entropyOfGaussian,
  jensenShannonOf,
  klOf,
  klOfGaussians,
  totalVariationOf,
} from "./divergences.ts";
export { distanceCosts, type Costs } from "./transport.ts";
export { assignment, type Assignment } from "./assignment.ts";
export { sinkhorn, type SinkhornOptions, type SinkhornPlan } from "./sinkhorn.ts";
export { wasserstein1d } from "./wasserstein-1d.ts";
export { wassersteinOfGaussians } from "./wasserstein-of-gaussians.ts";
export { fitGaussian, fitMixture, type FitMixtureOptions, type MixtureFit } from "./fit.ts";
export { ppca, type Ppca } from "./ppca.ts";
export type { Matrix } from "./linear-algebra.ts";
export {
  forwardSde,
  probabilityFlow,
  reverseSde,
  transition,
  type SdeTerms,
  type Transition,
} from "./sde.ts";
export { rowStates, type States } from "./states.ts";
export { eulerMaruyamaStep, simulate, type Simulation } from "./euler-maruyama.ts";
export { fokkerPlanckResidual, type LineFlow } from "./fokker-planck.ts";
export { numericalDivergence } from "./numerical-divergence.ts";
export {
  annealedLangevin,
  langevinStep,
  metropolisLangevinStep,
  metropolisState,
  polynomialStepSize,
  stochasticGradientLangevinStep,
  type AnnealedLangevin,
  type LangevinTarget,
  type MetropolisState,
  type StochasticGradient,
} from "./langevin.ts";
export { exactOracle, type ExactOracle } from "./oracle.ts";
export { tweedieDenoiser } from "./tweedie.ts";
export { optimalDiscriminator } from "./optimal-discriminator.ts";
export { geometricNoiseLevels } from "./noise-levels.ts";
