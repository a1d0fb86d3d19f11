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
export { sample, trajectory, type SampleOptions } from "./sample.ts";
export {
  stateFromJSON,
  stateToJSON,
  type SamplerStateJSON,
  type TensorJSON,
} from "./state-json.ts";
export * from "./denoisers/index.ts";
export * from "./guidance/index.ts";
