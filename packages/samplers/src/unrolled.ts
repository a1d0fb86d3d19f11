import { clone, type Key, type Tensor, tidy } from "@gen/tensor";
import type { Denoiser } from "./denoiser.ts";
import type { SamplerState } from "./sampler.ts";
import { tensorEvaluator } from "./tensor-evaluator.ts";
import type { TensorSampler } from "./tensor-sampler.ts";

/**
 * All the steps of a sampler as one function of tensors, for a model file or one compiled graph: `exportOnnx` of
 * `@gen/tensor` writes it with noise as its input, and the noise of a stochastic sampler as inputs, too. Nothing is
 * computed or checked between the steps; to draw samples here, `sample` is better.
 *
 * @returns a function of noise [batch, …], b(t) times standard normal at the sampler's first time, what the denoiser is
 *   conditioned on, and the key of a sampler that draws noise; it gives the samples, [batch, …], which are the caller's
 *   to dispose of
 * @throws if the sampler chooses its steps by what it computes
 */
export function unrolled<Condition>(
  denoiser: Denoiser<Condition>,
  sampler: TensorSampler,
): (noise: Tensor, condition?: Condition, key?: Key) => Tensor {
  if (sampler.judge) {
    throw new Error(
      `unrolled: ${sampler.name} chooses its steps by the error that it computes; take one with fixed steps`,
    );
  }
  return (noise, condition, key) =>
    tidy(() => {
      const evaluator = tensorEvaluator(denoiser, condition);
      let state: SamplerState<Tensor> = { index: 0, x: noise, ...(key && { key }) };
      while (state.index < sampler.times.length - 1) state = sampler.step(state, evaluator);
      return state.x === noise ? clone(noise) : state.x;
    });
}
