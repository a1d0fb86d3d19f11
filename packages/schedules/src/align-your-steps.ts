import { checkCount } from "./check.ts";

/** The models whose optimised noise levels were published. */
export type AlignedModel = "stableDiffusion" | "stableDiffusionXL" | "stableVideoDiffusion";

/** The published levels of 10 steps; the last closes the interval of the tenth. */
const LEVELS: Record<AlignedModel, readonly number[]> = {
  stableDiffusion: [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029],
  stableDiffusionXL: [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.38, 0.234, 0.113, 0.029],
  stableVideoDiffusion: [700, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002],
};

const INDICES: Record<Exclude<AlignedModel, "stableVideoDiffusion">, readonly number[]> = {
  stableDiffusion: [999, 850, 736, 645, 545, 455, 343, 233, 124, 24],
  stableDiffusionXL: [999, 845, 730, 587, 443, 310, 193, 116, 53, 13],
};

/**
 * The noise levels of Align Your Steps, optimised for a model by its authors (Sabour et al. 2024, arXiv:2404.14507): 10
 * steps as published, other numbers by log-linear interpolation as they do it, and then 0.
 *
 * @param steps a positive integer. Default 10.
 * @returns `steps + 1` falling numbers
 */
export function alignYourStepsGrid(model: AlignedModel, steps = 10): number[] {
  checkCount("alignYourStepsGrid", "steps", steps);
  const levels = LEVELS[model];
  if (!levels) {
    throw new Error(
      `alignYourStepsGrid: model must be one of ${Object.keys(LEVELS).join(", ")}, got ${model}`,
    );
  }
  const inside = Array.from({ length: steps }, (_, i) => {
    const place = (i * (levels.length - 1)) / steps;
    const [before, share] = [Math.floor(place), place % 1];
    const [from, to] = [levels[before] as number, levels[before + 1] as number];
    return share === 0 ? from : from * (to / from) ** share;
  });
  return [...inside, 0];
}

/**
 * The same 10 steps as times of the table of 1000, `betaPath(scaledLinearBetas())`, and then 0: 1000, 851, … The levels
 * above are rounded, and their first lies a little beyond the table.
 */
export function alignYourStepsTimes(
  model: Exclude<AlignedModel, "stableVideoDiffusion">,
): number[] {
  return [...INDICES[model].map((index) => index + 1), 0];
}
