export { bernoulli } from "./bernoulli.ts";
export type { ConvConfig } from "./conv-config.ts";
export { ConvDecoder, type ConvDecoderConfig } from "./conv-decoder.ts";
export { ConvEncoder, type ConvEncoderConfig } from "./conv-encoder.ts";
export {
  type DiagonalGaussian,
  diagonalGaussian,
  klToStandardNormal,
  reparameterize,
} from "./diagonal-gaussian.ts";
export { elbo, type Elbo, type ElboOptions } from "./elbo.ts";
export { gaussian, gaussianWithVariance } from "./gaussian.ts";
export type { Likelihood } from "./likelihood.ts";
export { convVAE, type ConvVAEConfig, type Part, VAE, type VAEParts } from "./vae.ts";
export { vaeLoss, type VAELosses, type VAELossOptions } from "./vae-loss.ts";
