export interface DCGANConfig {
  /** Height and width of the images: 4 times a power of 2, at least 8. */
  readonly imageSize: number;
  readonly imageChannels: number;
  /** Numbers of a latent. Default 100, the paper's. */
  readonly latents?: number;
  /** Channels next to the image; inwards they double with every halving. Default 64. */
  readonly baseChannels?: number;
  /**
   * Makes the players conditional (Mirza and Osindero 2014, arXiv:1411.1784): the class as a one-hot vector beside the
   * latent, and as constant channels beside the image.
   */
  readonly classes?: number | undefined;
  /** Of the discriminator. Gradient penalties judge each image apart: they need "none". Default "batch". */
  readonly norm?: "batch" | "none";
}

/** Channels of each stage, from the image inwards to 4 × 4 pixels. */
export function dcganChannels(
  name: string,
  { imageSize, baseChannels = 64 }: Pick<DCGANConfig, "imageSize" | "baseChannels">,
): number[] {
  const stages = Math.log2(imageSize / 4);
  if (!Number.isInteger(stages) || stages < 1) {
    throw new Error(`${name}: imageSize must be 8, 16, 32, 64, …, got ${imageSize}`);
  }
  return Array.from({ length: stages }, (_, i) => baseChannels * 2 ** i);
}

/** Channels at each size from 4 × 4 pixels to the image's own, for networks that work at all of them. */
export function channelsOfSizes(
  name: string,
  config: Pick<DCGANConfig, "imageSize" | "baseChannels">,
): number[] {
  const channels = dcganChannels(name, config);
  return [...channels.toReversed(), channels[0] as number];
}
