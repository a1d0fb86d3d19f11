import type { Path } from "./path.ts";

/**
 * The straight path, a = 1 - t, b = t: rectified flow (Liu et al. 2022, arXiv:2209.03003, eq. 1) and conditional flow
 * matching with optimal-transport paths (Lipman et al. 2022, arXiv:2210.02747, eq. 22, its time reversed). Its
 * velocity is z - x.
 */
export const rectifiedFlow: Path = {
  name: "rectifiedFlow",
  end: 1,
  a: (t) => 1 - t,
  b: (t) => t,
  aPrime: () => -1,
  bPrime: () => 1,
  logSnr: (t) => 2 * (Math.log1p(-t) - Math.log(t)),
  inverseLogSnr: (logSnr) => 1 / (1 + Math.exp(logSnr / 2)),
};
