/** An interval of restart sampling. */
export interface RestartInterval {
  /** The falling times of one way down, from t_max to t_min. */
  readonly times: readonly number[];
  /** K: how often it goes back up and down again. */
  readonly repeats: number;
}

/**
 * The times of restart sampling (Xu et al. 2023, arXiv:2306.14878), for `withJumps`: when the plan has come down to
 * the end of an interval, it jumps to its beginning and comes down again, K times. The noise of the jumps contracts
 * the errors that an ODE solver has made above.
 *
 * @param times falling
 * @param intervals each must end at one of the times; the paper's for CIFAR-10 is one, 0.06 to 0.30 on `edm()`
 * @throws if an interval does not end at one of the times, does not fall, or its repeats are no integer
 */
export function restartTimes(
  times: readonly number[],
  intervals: readonly RestartInterval[],
): number[] {
  for (const { times: way, repeats } of intervals) {
    if (!Number.isInteger(repeats) || repeats < 0) {
      throw new Error(`restartTimes: repeats must be an integer of at least 0, got ${repeats}`);
    }
    const falls = way.every((t, i) => i === 0 || t < (way[i - 1] as number));
    if (way.length < 2 || !falls) {
      throw new Error(
        `restartTimes: the times of an interval must be at least 2 and fall, got [${way.join(", ")}]`,
      );
    }
    if (!times.includes(way.at(-1) as number)) {
      throw new Error(
        `restartTimes: an interval must end at one of the times, got ${way.at(-1)}; take the nearest of them`,
      );
    }
  }
  return times.flatMap((time) => [
    time,
    ...intervals.flatMap(({ times: way, repeats }) =>
      way.at(-1) === time ? Array.from({ length: repeats }, () => way).flat() : [],
    ),
  ]);
}
