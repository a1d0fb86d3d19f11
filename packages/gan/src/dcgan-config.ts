export interface DCGANConfig {
  /** Height and width of the images: 4, 5, 6 or 7 times a power of 2, at least 8. */
  readonly imageSize: number;
  readonly imageChannels: number;
  /** Numbers of a latent. Default 100, the paper's. */
  readonly latents?: number;
  /** Channels next to the image; inwards they double with every halving. Default 64. */
  readonly baseChannels?: number;
  /**
   * Makes the players conditional (Mirza and Osindero 2014, arXiv:1411.1784): the class as a one-hot vector beside the
   * latent, and in the discriminator as `condition` says.
   */
  readonly classes?: number | undefined;
  /**
   * "channels": the class as constant channels beside the image. "projection": it is multiplied with the last features
   * (Miyato and Koyama 2018, arXiv:1802.05637); labels are then followed much sooner. Default "channels".
   */
  readonly condition?: "channels" | "projection";
  /** Of the discriminator. Gradient penalties judge each image apart: they need "none". Default "batch". */
  readonly norm?: "batch" | "none";
}

/** Height and width where the networks are narrowest: 4 to 7 pixels; MNIST's 28 are halved to 7. */
export function innerSize(imageSize: number): number {
  let size = imageSize;
  while (size >= 8) size /= 2;
  return size;
}

/** Channels of each stage, from the image inwards to `innerSize`. */
export function dcganChannels(
  name: string,
  { imageSize, baseChannels = 64 }: Pick<DCGANConfig, "imageSize" | "baseChannels">,
): number[] {
  const inner = innerSize(imageSize);
  if (!(Number.isInteger(inner) && imageSize >= 8)) {
    throw new Error(
      `${name}: imageSize must be 4, 5, 6 or 7 times a power of 2 and at least 8, got ${imageSize}`,
    );
  }
  return Array.from({ length: Math.log2(imageSize / inner) }, (_, i) => baseChannels * 2 ** i);
}

/** Channels at each size from `innerSize` to the image's own, for networks that work at all of them. */
export function channelsOfSizes(
  name: string,
  config: Pick<DCGANConfig, "imageSize" | "baseChannels">,
): number[] {
  const channels = dcganChannels(name, config);
  return [...channels.toReversed(), channels[0] as number];
}
