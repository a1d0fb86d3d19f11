export interface ResNetConfig {
  /** Height and width of the images: 4, 5, 6 or 7 times a power of 2, at least 8. */
  readonly imageSize: number;
  readonly imageChannels: number;
  /** Numbers of a latent; 128. */
  readonly latents?: number;
  /** Channels next to the image; inwards they double with every halving. Default 64. */
  readonly baseChannels?: number;
  /** Makes the players conditional. */
  readonly classes?: number | undefined;
  /**
   * How the discriminator uses the classes: by a projection of its features (arXiv:1802.05637), or only as something
   * that it can tell as well, for `auxiliaryClassifier` (arXiv:1610.09585). Default "projection".
   */
  readonly head?: "projection" | "classifier";
}
