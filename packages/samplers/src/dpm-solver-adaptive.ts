import { adaptive, type AdaptiveOptions, type AdaptiveSampler, type Attempt } from "./adaptive.ts";
import type { Evaluator } from "./evaluator.ts";
import { exponentialMidpoint, exponentialStages, exponentialThirds } from "./exponential-step.ts";
import { pointAt } from "./point.ts";

export interface DPMSolverAdaptiveOptions extends AdaptiveOptions {
  /** 2 is DPM-Solver-12, 3 is DPM-Solver-23. Default 3. */
  readonly order?: 2 | 3;
}

/**
 * DPM-Solver-12 and -23 with step-size control in log-SNR (Lu et al. 2022, arXiv:2206.00927, appendix C; k-diffusion's
 * DPM adaptive): the error is the distance to the lower order, which costs nothing. Their tolerances are the defaults.
 * The controller is that of `dormandPrince`.
 *
 * @param times falling, at least two, inside the path: the log-SNR must be finite at both ends
 * @param options the first step is in half the log-SNR; default 0.05
 * @throws if the times end at 0, or a tolerance or the first step is not a positive number; while running, if the error
 *   is not finite or the step gets too small
 */
export function dpmSolverAdaptive(
  times: readonly number[],
  { order = 3, ...options }: DPMSolverAdaptiveOptions = {},
): AdaptiveSampler {
  const name = "dpmSolverAdaptive";
  if (times.at(-1) === 0) {
    throw new Error(`${name}: times must end above 0, where the log-SNR is finite, got 0`);
  }
  const tableau = order === 3 ? exponentialThirds : exponentialMidpoint;
  const lower = order === 3 ? [0, 1] : [0];
  return adaptive(
    {
      name,
      order,
      errorOrder: order,
      clock: (path, t) => path.logSnr(t) / 2,
      timeAt: (path, clock) => path.inverseLogSnr(2 * clock),
      attempt<X>(evaluator: Evaluator<X>, x: X, from: number, to: number): Attempt<X> {
        const [a, b] = [pointAt(evaluator.path, from), pointAt(evaluator.path, to)];
        const end = exponentialStages(tableau, "noise", evaluator, x, a, b);
        const higher = end(tableau.b);
        const error = evaluator.combine([
          [1, higher],
          [-1, end(lower)],
        ]);
        return { x: higher, error };
      },
    },
    times,
    { absolute: 0.0078, relative: 0.05, firstStep: 0.05, ...options },
  );
}
