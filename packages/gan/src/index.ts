export type { AdversarialLoss } from "./adversarial-loss.ts";
export type { DCGANConfig } from "./dcgan-config.ts";
export { DCGANDiscriminator } from "./dcgan-discriminator.ts";
export { DCGANGenerator } from "./dcgan-generator.ts";
export { ganStep, type GANStepOptions, type GANTrainee } from "./gan-step.ts";
export { nonSaturating } from "./non-saturating.ts";
export type { Discriminator, Generator } from "./players.ts";
