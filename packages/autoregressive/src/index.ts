export {
  autoregressiveLoss,
  type AutoregressiveLosses,
  type AutoregressiveLossOptions,
  type AutoregressiveModel,
} from "./autoregressive-loss.ts";
export { CausalTransformer, type CausalTransformerConfig } from "./causal-transformer.ts";
export { cosineCounts } from "./cosine-counts.ts";
export { DiffusionHead, type DiffusionHeadConfig } from "./diffusion-head.ts";
export { dropLabels, type DropLabelsOptions } from "./drop-labels.ts";
export { filterLogits, type SamplingOptions } from "./filter-logits.ts";
export { GatedPixelCNN, type GatedPixelCNNConfig } from "./gated-pixel-cnn.ts";
export type { Guidance } from "./guidance.ts";
export { KeyValueCache } from "./key-value-cache.ts";
export {
  bernoulliOutput,
  gaussianOutput,
  Made,
  type MadeConfig,
  madeLoss,
  type MadeOutput,
} from "./made.ts";
export { MAR, type MARConfig } from "./mar.ts";
export { marLoss, type MARLossOptions } from "./mar-loss.ts";
export {
  type MARSampleOptions,
  type MARSampler,
  marSampler,
  type MARSamplerOptions,
} from "./mar-sampler.ts";
export { NextScaleTransformer, type NextScaleTransformerConfig } from "./next-scale-transformer.ts";
export { PixelCNN, type PixelCNNConfig } from "./pixel-cnn.ts";
export { PixelCNNPlusPlus, type PixelCNNPlusPlusConfig } from "./pixel-cnn-plus-plus.ts";
export {
  type PixelLosses,
  pixelLoss,
  type PixelLossOptions,
  pixelLogProb,
  type PixelModel,
  type RowPixelModel,
} from "./pixel-loss.ts";
export { levelsOutput, mixtureOutput, type PixelOutput } from "./pixel-output.ts";
export {
  type PixelSampleOptions,
  type PixelSampler,
  pixelSampler,
  type PixelSamplerOptions,
} from "./pixel-sampler.ts";
export { RowLSTM, type RowLSTMConfig } from "./row-lstm.ts";
export {
  type ScaleSampleOptions,
  type ScaleSampler,
  scaleSampler,
  type ScaleSamplerOptions,
} from "./scale-sampler.ts";
export {
  type TokenSampleOptions,
  type TokenSampler,
  tokenSampler,
  type TokenSamplerOptions,
} from "./token-sampler.ts";
export { type Window, WindowConv2d, type WindowConv2dOptions } from "./window-conv2d.ts";
export { type Vocabulary, vocabularyOf } from "./vocabulary.ts";
