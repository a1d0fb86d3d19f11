import { foldIn } from "@gen/tensor";
import { drawKey, type Step } from "./define-sampler.ts";
import type { Term } from "./evaluator.ts";
import type { Point } from "./point.ts";

/** Standard normal noise for the part of a step between two points; parts of one step count their draws. */
export type NoiseSource = <X>(step: Step<X>, from: Point, to: Point, draw?: number) => X;

/** Noise of each step's own: a function of the run's key and of the step's number. One draw for a part of a step. */
export const independentNoise: NoiseSource = (step, _from, _to, draw = 0) =>
  step.evaluator.normal(step.x, drawKey(step, draw));

/**
 * Noise as the increments of one Brownian motion over the path's time, a function of the run's key alone: runs with
 * more steps refine the same noise, so that samples stay where they are while the steps get smaller (k-diffusion's
 * Brownian tree). The motion is virtual, nothing is stored: W(t) is a sum over Schauder's tent functions, one a level,
 * each times its own normal number (Lévy's construction).
 *
 * A part of a step draws about `levels` times where `independentNoise` draws once.
 *
 * @param levels steps down to 2^-levels of the path's time have increments of their own. Default 12.
 * @throws if `levels` is not a whole number from 1 to 30
 */
export function brownianTree(levels = 12): NoiseSource {
  if (!Number.isInteger(levels) || levels < 1 || levels > 30) {
    throw new Error(`brownianTree: levels must be a whole number from 1 to 30, got ${levels}`);
  }
  return (step, from, to) => {
    const { path } = step.evaluator;
    const [u, v] = [from.t / path.end, to.t / path.end];
    const parts: { level: number; place: number; coefficient: number }[] = [
      { level: 0, place: 0, coefficient: u - v },
    ];
    for (let level = 0; level < levels; level++) {
      for (const place of new Set([placeOf(u, level), placeOf(v, level)])) {
        const coefficient = tent(u, level, place) - tent(v, level, place);
        parts.push({ level: level + 1, place, coefficient });
      }
    }
    const scale = Math.sqrt(parts.reduce((sum, { coefficient: c }) => sum + c * c, 0));
    const root = step.runKey();
    const terms = parts.map(({ level, place, coefficient }): Term<typeof step.x> => {
      const key = foldIn(foldIn(root, level), place);
      return [coefficient / scale, step.evaluator.normal(step.x, key)];
    });
    return step.evaluator.combine(terms);
  };
}

/** Which of the 2^level intervals of [0, 1] a time lies in. */
function placeOf(u: number, level: number): number {
  return Math.min(Math.floor(u * 2 ** level), 2 ** level - 1);
}

/** Schauder's function of an interval: a tent over it with the standard deviation of the bridge in its middle. */
function tent(u: number, level: number, place: number): number {
  const distance = Math.abs(u * 2 ** level - place - 0.5);
  return distance >= 0.5 ? 0 : (1 - 2 * distance) * 2 ** (-level / 2 - 1);
}
