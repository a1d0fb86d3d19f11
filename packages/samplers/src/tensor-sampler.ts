import type { Tensor } from "@gen/tensor";
import type { Sampler, SamplerState } from "./sampler.ts";
import type { TensorEvaluator } from "./tensor-evaluator.ts";

/**
 * A sampler that moves tensors only, because it masks or measures them. Its times may rise where it adds noise again.
 * Every `Sampler` is one.
 */
export interface TensorSampler extends Omit<Sampler, "step"> {
  step(state: SamplerState<Tensor>, evaluator: TensorEvaluator): SamplerState<Tensor>;
}
