import { checkPositive } from "./check.ts";
import type { Path } from "./path.ts";

/**
 * EDM's path, a = 1, b = σ = t: time is the noise level (Karras et al. 2022, arXiv:2206.00364, section 3, σ(t) = t and
 * s(t) = 1). Its velocity is the noise, and its flow lines are straight at both ends.
 *
 * @param options σ_max, the time at which it ends. Default 80.
 * @throws if `sigmaMax` is not a positive number
 */
export function edm({ sigmaMax = 80 }: { sigmaMax?: number } = {}): Path {
  checkPositive("edm", "sigmaMax", sigmaMax);
  return {
    name: "edm",
    end: sigmaMax,
    a: () => 1,
    b: (t) => t,
    aPrime: () => 0,
    bPrime: () => 1,
    logSnr: (t) => -2 * Math.log(t),
    inverseLogSnr: (logSnr) => Math.exp(-logSnr / 2),
  };
}
