import { checkTime } from "./check.ts";
import type { Path } from "./path.ts";

/** Where a trained network must be asked instead: at `time`, with `scale`·x. */
export interface ChangedPoint {
  readonly time: number;
  readonly scale: number;
}

/**
 * Runs a network that was trained on one path on another. At equal log-SNR, x_t of the two paths differ by a factor:
 * asked at `time` with `scale`·x_t, the network sees what it was trained on (Karras et al. 2022, arXiv:2206.00364,
 * appendix B; `ScheduleTransformedModel` of flow matching). Predicted data, noise and v stay what they are; a velocity
 * is of its own path, so convert it there first.
 *
 * @param trained the network's path
 * @param wanted the path to run it on
 * @returns for a time of `wanted`, the time and the scale of `trained`
 * @throws when called with a time with more noise than `trained` has
 */
export function pathChange(trained: Path, wanted: Path): (t: number) => ChangedPoint {
  const lowest = trained.logSnr(trained.end);
  return (t) => {
    checkTime("pathChange", wanted, t);
    const logSnr = wanted.logSnr(t);
    if (logSnr < lowest - 1e-9) {
      throw new Error(
        `pathChange: the path ${trained.name} ends at log-SNR ${lowest}, got ${logSnr} at t = ${t} of the path ` +
          `${wanted.name}; begin at t = ${wanted.inverseLogSnr(lowest)}`,
      );
    }
    const time = logSnr <= lowest ? trained.end : trained.inverseLogSnr(logSnr);
    // a/b is equal, so either's ratio is the scale; together they are safe where one is 0.
    const size = (path: Path, at: number): number => Math.hypot(path.a(at), path.b(at));
    return { time, scale: size(trained, time) / size(wanted, t) };
  };
}
