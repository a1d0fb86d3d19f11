/** The part that encoder and decoder have in common. */
export interface ConvConfig {
  /** Height and width of the images: divisible by 2 once for each of `channels`. */
  readonly imageSize: number;
  /** Channels of each stage, from the image inwards. Each has half the height and width of the one before. */
  readonly channels: readonly number[];
  /** Residual blocks of each stage. Default 0. */
  readonly blocks?: number;
  /** Attention after the blocks where the height is one of these. Default none. */
  readonly attention?: readonly number[];
}

/** The height of each stage, from the image inwards. */
export function stageSizes(name: string, { imageSize, channels, attention }: ConvConfig): number[] {
  const sizes = channels.map((_, i) => imageSize / 2 ** (i + 1));
  if (sizes.length === 0 || !sizes.every((size) => Number.isInteger(size) && size > 0)) {
    throw new Error(
      `${name}: imageSize must be divisible by 2 once for each of at least one channels, got ${imageSize} and ` +
        `channels [${channels.join(", ")}]`,
    );
  }
  const unknown = attention?.find((size) => !sizes.includes(size));
  if (unknown !== undefined) {
    throw new Error(
      `${name}: attention must name heights out of ${sizes.join(", ")}, got ${unknown}`,
    );
  }
  return sizes;
}

/** Refuses a code that is neither a vector nor a map of the innermost stage's height and width. */
export function checkCode(name: string, shape: readonly number[], size: number): void {
  if (shape.length === 1 || (shape.length === 3 && shape[0] === size && shape[1] === size)) return;
  throw new Error(
    `${name}: the code must have shape [features] or [${size}, ${size}, channels], got [${shape.join(", ")}]`,
  );
}
