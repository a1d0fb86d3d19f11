import type { Path } from "@gen/schedules";
import { add, type Key, mul, normal, type Tensor, tidy } from "@gen/tensor";

export interface SdeditOptions {
  readonly path: Path;
  /** What to begin with, a drawing or another image [batch, …]. Stays the caller's. */
  readonly data: Tensor;
  /** A plan for sampling from noise. */
  readonly times: readonly number[];
  /** The time to begin at: late, and little of the data is left; early, and little is changed. */
  readonly start: number;
  readonly key: Key;
}

/**
 * Image to image (SDEdit: Meng et al. 2021, arXiv:2108.01073, algorithm 1): noise is added to the data up to a time
 * inside the plan, and sampled from there.
 *
 * @returns the plan from there on, for any sampler, and what it begins with: `sample({ denoiser, sampler: heun(times),
 *   noise })`. The caller disposes of `noise`.
 * @throws if `start` is not between the first and the last time
 */
export function sdedit({ path, data, times, start, key }: SdeditOptions): {
  readonly times: number[];
  readonly noise: Tensor;
} {
  const [first, last] = [times[0], times.at(-1)] as [number, number];
  if (!(start <= first && start > last)) {
    throw new Error(
      `sdedit: start must be a time of the plan, in (${last}, ${first}], got ${start}`,
    );
  }
  const noise = tidy(
    () => add(mul(data, path.a(start)), mul(normal(key, data.shape), path.b(start))) as Tensor,
  );
  return { times: [start, ...times.filter((time) => time < start)], noise };
}
