import { checkPositive } from "./check.ts";

/**
 * The shift for an image of more pixels than a model was tuned for, √(m/n): the noise that covers as much (Esser et al.
 * 2024, arXiv:2403.03206, eq. 23).
 */
export function resolutionShift(pixels: number, tunedPixels: number): number {
  checkPositive("resolutionShift", "pixels", pixels);
  checkPositive("resolutionShift", "tunedPixels", tunedPixels);
  return Math.sqrt(pixels / tunedPixels);
}

/**
 * The shift that grows with the length of the sequence, e^μ with μ linear from `baseShift` at `baseTokens` to `maxShift`
 * at `maxTokens`, and beyond: FLUX's «dynamic shifting», for `shiftedTime`.
 *
 * @param tokens how many tokens the image is
 * @param options μ = 0.5 at 256 tokens and 1.15 at 4096
 */
export function dynamicShift(
  tokens: number,
  {
    baseTokens = 256,
    maxTokens = 4096,
    baseShift = 0.5,
    maxShift = 1.15,
  }: { baseTokens?: number; maxTokens?: number; baseShift?: number; maxShift?: number } = {},
): number {
  checkPositive("dynamicShift", "tokens", tokens);
  if (!(maxTokens > baseTokens)) {
    throw new Error(
      `dynamicShift: maxTokens must be above baseTokens = ${baseTokens}, got ${maxTokens}`,
    );
  }
  const slope = (maxShift - baseShift) / (maxTokens - baseTokens);
  return Math.exp(baseShift + slope * (tokens - baseTokens));
}
