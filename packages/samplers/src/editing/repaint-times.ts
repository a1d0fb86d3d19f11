export interface RepaintOptions {
  /** j: how many steps a jump goes back up, and how many steps lie between the places to jump from. Default 10. */
  readonly jump?: number;
  /** r: how often each part of the way is gone in all. Default 10. */
  readonly resamples?: number;
}

/**
 * The times of RePaint (Lugmayr et al. 2022, arXiv:2201.09865, algorithm 1), for `withJumps`: every `jump` steps it
 * goes back up by as many, until each part of the way is gone `resamples` times. A jump is one step here, in which
 * the noise of `jump` steps is added at once: the same distribution. The paper's 250 steps make 2,410 evaluations.
 *
 * @param times falling, one more than steps
 */
export function repaintTimes(
  times: readonly number[],
  { jump = 10, resamples = 10 }: RepaintOptions = {},
): number[] {
  for (const [argument, value] of Object.entries({ jump, resamples })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new Error(`repaintTimes: ${argument} must be a positive integer, got ${value}`);
    }
  }
  const steps = times.length - 1;
  const left = new Map<number, number>();
  // Counted in steps above the data: the first jump is from one step above, never from the data.
  for (let height = 1; height <= steps - jump; height += jump) left.set(height, resamples - 1);
  const plan: number[] = [];
  let height = steps;
  for (;;) {
    plan.push(times[steps - height] as number);
    if (height === 0) return plan;
    const jumps = left.get(height) ?? 0;
    left.set(height, jumps - 1);
    height = jumps > 0 ? height + jump : height - 1;
  }
}
