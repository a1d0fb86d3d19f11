export type { Conditions, Network } from "./network.ts";
export { LabelEmbedding, noLabels } from "./label-embedding.ts";
export { Conditioning, type ConditioningOptions } from "./conditioning.ts";
export { UNet, type UNetConfig } from "./u-net.ts";
export { DiTBlock } from "./dit-block.ts";
export { DiT, type DiTConfig } from "./dit.ts";
export { VelocityMLP, type VelocityMLPConfig } from "./velocity-mlp.ts";
export { rectifiedFlowLoss, type RectifiedFlowLossOptions } from "./rectified-flow-loss.ts";
export {
  denoiser,
  type DenoiserOptions,
  type LabelDenoiser,
  type NetworkDenoiser,
} from "./denoiser.ts";
