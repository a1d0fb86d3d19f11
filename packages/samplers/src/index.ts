export type { Denoiser } from "./denoiser.ts";
export type { Sampler, SamplerState } from "./sampler.ts";
export type { TensorSampler } from "./tensor-sampler.ts";
export type { Evaluator, Term } from "./evaluator.ts";
export { tensorEvaluator, type TensorEvaluator } from "./tensor-evaluator.ts";
export { defineSampler, type Moved, type Step } from "./define-sampler.ts";
export type { Tableau } from "./tableau.ts";
export { rungeKutta, type RungeKuttaOptions } from "./runge-kutta.ts";
export { euler, eulerTableau } from "./euler.ts";
export { heun, heunTableau } from "./heun.ts";
export { midpoint, midpointTableau } from "./midpoint.ts";
export { ralston, ralstonTableau } from "./ralston.ts";
export { heun3, heun3Tableau } from "./heun3.ts";
export { rk4, rk4Tableau } from "./rk4.ts";
export { dormandPrince, dormandPrinceFixed, dormandPrinceTableau } from "./dormand-prince.ts";
export {
  adaptive,
  type AdaptiveMethod,
  type AdaptiveOptions,
  type AdaptiveSampler,
  type Attempt,
} from "./adaptive.ts";
export { dpmSolverAdaptive, type DPMSolverAdaptiveOptions } from "./dpm-solver-adaptive.ts";
export type { Churn } from "./churn.ts";
export { ddim, eulerAncestral } from "./ddim.ts";
export {
  analyticVariance,
  ddpm,
  forwardVariance,
  posteriorVariance,
  type DDPMOptions,
  type ReverseVariance,
} from "./ddpm.ts";
export { dpm2, dpm2Ancestral } from "./dpm2.ts";
export {
  dpmSolver,
  dpmSolverPlusPlus,
  dpmSolverPlusPlus2SAncestral,
  dpmSolverPlusPlusSDE,
  type SinglestepOptions,
} from "./dpm-solver-singlestep.ts";
export {
  dpmSolverMultistep,
  dpmSolverPlusPlusMultistep,
  sdeDpmSolver,
  sdeDpmSolverPlusPlus,
  type DPMSolverMultistepOptions,
  type DPMSolverSDEOptions,
} from "./dpm-solver-multistep.ts";
export { deis, ipndm, lms, type AdamsOptions } from "./lms.ts";
export { plms, pndm } from "./pndm.ts";
export { uniPC, type UniPCOptions } from "./uni-pc.ts";
export { saSolver, type SASolverOptions } from "./sa-solver.ts";
export { stochasticFlow, type StochasticFlowOptions } from "./stochastic-flow.ts";
export { ancestral, type AncestralOptions } from "./ancestral.ts";
export {
  exponentialEuler,
  exponentialMidpoint,
  exponentialThirds,
  type ExponentialTableau,
} from "./exponential-step.ts";
export { multistep, type MultistepOptions, type StartOptions } from "./multistep.ts";
export {
  evenSteps,
  halfCurvature,
  midpointRule,
  polynomial,
  type Weighted,
  type WeightRule,
} from "./weight-rule.ts";
export type { Kind, Variable } from "./exponential.ts";
export type { Point } from "./point.ts";
export { brownianTree, independentNoise, type NoiseSource } from "./noise-source.ts";
export {
  compiled,
  perElement,
  type CompiledSampler,
  type CompiledSamplerOptions,
  type PerElementSampler,
} from "./compiled.ts";
export { sample, trajectory, type SampleOptions } from "./sample.ts";
export { unrolled } from "./unrolled.ts";
export {
  stateFromJSON,
  stateToJSON,
  type SamplerStateJSON,
  type TensorJSON,
} from "./state-json.ts";
export * from "./denoisers/index.ts";
export * from "./guidance/index.ts";
export * from "./consistency/index.ts";
export * from "./editing/index.ts";
export * from "./langevin/index.ts";
export * from "./likelihood/index.ts";
