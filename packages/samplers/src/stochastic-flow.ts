import type { Path } from "@gen/schedules";
import { withNoise } from "./ancestral.ts";
import { defineSampler, drawKey } from "./define-sampler.ts";
import type { Sampler } from "./sampler.ts";

export interface StochasticFlowOptions {
  /** w(t), the square of the diffusion coefficient, not below 0. Default b(t), the noise in x. */
  readonly diffusion?: (t: number, path: Path) => number;
}

/**
 * The flow as an SDE, dx = (v - w·score/2)·dt + √w·dW in reverse time, by Euler and Maruyama (Ma et al. 2024,
 * arXiv:2401.08740, eq. 4; w = b is theirs): whatever w is, the marginals are the flow's. One evaluation a step, which
 * gives both the velocity and the score. A step to t = 0 adds no noise.
 *
 * @param times falling, one more than steps
 * @throws if w is negative somewhere
 */
export function stochasticFlow(
  times: readonly number[],
  { diffusion = (t, path) => path.b(t) }: StochasticFlowOptions = {},
): Sampler {
  const name = "stochasticFlow";
  return defineSampler(name, 1, times, (step) => {
    const { evaluator, x, from, to } = step;
    const { path } = evaluator;
    const w = to === 0 ? 0 : diffusion(from, path);
    if (!(w >= 0)) {
      throw new Error(
        `${name}: the diffusion must be a number not below 0, got ${w} at t = ${from}`,
      );
    }
    const h = from - to;
    const [a, b, da, db] = [path.a(from), path.b(from), path.aPrime(from), path.bPrime(from)];
    // With D the data: v = a'·D + b'·(x - a·D)/b, and the score is (a·D - x)/b².
    const data = evaluator.predict(x, from, "data");
    const pull = (h * w) / (2 * b * b);
    const moved = evaluator.combine([
      [1 - (h * db) / b - pull, x],
      [-h * (da - (db * a) / b) + pull * a, data],
    ]);
    if (w === 0) return { x: moved };
    return { x: withNoise(evaluator, moved, Math.sqrt(w * h), evaluator.normal(x, drawKey(step))) };
  });
}
