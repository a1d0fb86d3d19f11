export interface DCGANConfig {
  /** Height and width of the images: 4 times a power of 2, at least 8. */
  readonly imageSize: number;
  readonly imageChannels: number;
  /** Numbers of a latent. Default 100, the paper's. */
  readonly latents?: number;
  /** Channels next to the image; inwards they double with every halving. Default 64. */
  readonly baseChannels?: number;
}

/** Channels of each stage, from the image inwards to 4 × 4 pixels. */
export function dcganChannels(
  name: string,
  { imageSize, baseChannels = 64 }: DCGANConfig,
): number[] {
  const stages = Math.log2(imageSize / 4);
  if (!Number.isInteger(stages) || stages < 1) {
    throw new Error(`${name}: imageSize must be 8, 16, 32, 64, …, got ${imageSize}`);
  }
  return Array.from({ length: stages }, (_, i) => baseChannels * 2 ** i);
}
