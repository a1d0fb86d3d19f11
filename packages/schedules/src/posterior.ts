import type { Path } from "./path.ts";

/** q(x_s | x_t, x) = N(input·x_t + data·x, variance). */
export interface Posterior {
  readonly input: number;
  readonly data: number;
  readonly variance: number;
}

/**
 * The distribution of x_s at an earlier time when x_t and the data are known, of the Markov chain along a path (Ho et
 * al. 2020, arXiv:2006.11239, eq. 7; between any two times: Kingma et al. 2021, arXiv:2107.00630, eq. 25). On a
 * `betaPath`, from t to t - 1, its variance is the paper's β̃.
 *
 * @throws unless 0 <= s < t <= end, with all of the noise at t not there at s already
 */
export function posterior(path: Path, t: number, s: number): Posterior {
  const step = transition("posterior", path, t, s);
  const [noiseS, noiseT] = [path.b(s) ** 2, path.b(t) ** 2];
  return {
    input: (step.scale * noiseS) / noiseT,
    data: (path.a(s) * step.variance) / noiseT,
    variance: (step.variance * noiseS) / noiseT,
  };
}

/** q(x_t | x_s) = N(scale·x_s, variance). */
export interface Transition {
  readonly scale: number;
  readonly variance: number;
}

/**
 * The step of the Markov chain along a path from time s to a later t: x_t = scale·x_s + √variance·noise. On a
 * `betaPath`, from t - 1 to t, the scale is √(1 - β_t) and the variance β_t.
 *
 * @throws unless 0 <= s < t <= end, and unless the noise grows between them
 */
export function forwardStep(path: Path, t: number, s: number): Transition {
  return transition("forwardStep", path, t, s);
}

function transition(name: string, path: Path, t: number, s: number): Transition {
  if (!(s >= 0 && s < t && t <= path.end)) {
    throw new Error(
      `${name}: s and t must be times of the path ${path.name} with 0 <= s < t <= ${path.end}, got s = ${s}, t = ${t}`,
    );
  }
  const [aT, aS, bT, bS] = [path.a(t), path.a(s), path.b(t), path.b(s)];
  // b_t² - (a_t/a_s)²·b_s², where the log-SNRs say how much of it is new: 1 - e^(λ_t - λ_s).
  const fresh = s === 0 ? 1 : -Math.expm1(path.logSnr(t) - path.logSnr(s));
  return { scale: aT / aS, variance: bS === 0 ? bT ** 2 : bT ** 2 * fresh };
}
