import { defineSampler, drawKey } from "../define-sampler.ts";
import { noisier } from "../editing/noisier.ts";
import type { Sampler } from "../sampler.ts";

/**
 * Strategic stochastic sampling of a trajectory consistency model, TCD (Zheng et al. 2024, arXiv:2402.19159): each
 * step goes down by DDIM to s = (1 - γ)·to, below its end, and adds noise up to it. γ = 0 is deterministic and DDIM;
 * γ = 1 goes to the data and is `consistency`. One evaluation a step.
 *
 * @param times falling, such as `uniformGrid(4, 1000)` on a table of 1,000 steps
 * @param options γ in [0, 1]: the paper's best on images is 0.2 to 0.3. Default 0.3.
 */
export function trajectoryConsistency(
  times: readonly number[],
  { gamma = 0.3 }: { readonly gamma?: number } = {},
): Sampler {
  if (!(gamma >= 0 && gamma <= 1)) {
    throw new Error(`trajectoryConsistency: gamma must be in [0, 1], got ${gamma}`);
  }
  return defineSampler("trajectoryConsistency", 1, times, (step) => {
    const { evaluator, x, from, to } = step;
    const { path } = evaluator;
    const below = (1 - gamma) * to;
    const [a, b] = [path.a(from), path.b(from)];
    // a(s)·data + b(s)·noise, with the noise that x and the predicted data leave.
    const share = path.b(below) / b;
    const down = evaluator.combine([
      [share, x],
      [path.a(below) - share * a, evaluator.predict(x, from, "data")],
    ]);
    return { x: noisier(evaluator, down, below, to, () => drawKey(step)) };
  });
}
