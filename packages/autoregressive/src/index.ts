export {
  autoregressiveLoss,
  type AutoregressiveLosses,
  type AutoregressiveLossOptions,
  type AutoregressiveModel,
} from "./autoregressive-loss.ts";
export { CausalTransformer, type CausalTransformerConfig } from "./causal-transformer.ts";
export { filterLogits, type SamplingOptions } from "./filter-logits.ts";
export { KeyValueCache } from "./key-value-cache.ts";
export {
  type TokenSampleOptions,
  type TokenSampler,
  tokenSampler,
  type TokenSamplerOptions,
} from "./token-sampler.ts";
