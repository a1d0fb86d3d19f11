import type { Path } from "@gen/schedules";

/** The coefficients at one time of dx = (state·x + score·∇ln p_t(x)) dt + noise dw. */
export interface SdeTerms {
  readonly state: number;
  readonly score: number;
  /** The standard deviation of the noise per √time. */
  readonly noise: number;
}

/**
 * The forward SDE of a path, dx = f·x dt + g dw with f = a'/a and g² = 2b·b' - 2f·b² (Karras et al. 2022,
 * arXiv:2206.00364, appendix B; Kingma et al. 2021, arXiv:2107.00630). From data it has the path's marginals
 * a(t)·x + b(t)·z at every time: for the variance-preserving path f = -β/2 and g² = β, for the exploding one f = 0 and
 * g² = dσ²/dt (Song et al. 2020, arXiv:2011.13456, eqs. 9, 11 and 28).
 *
 * @throws where a(t) = 0: no SDE reaches pure noise with a finite drift
 */
export function forwardSde(path: Path, t: number): SdeTerms {
  const { drift, variance } = driftAndVariance("forwardSde", path, t);
  return { state: drift, score: 0, noise: Math.sqrt(variance) };
}

/**
 * The SDE that runs from noise to data with the same marginals,
 * dx = [f·x - ½(1 + churn²)·g²·∇ln p] dt + churn·g dw̄ with time running backwards (dt < 0).
 *
 * @param churn how much noise is added and taken away again: 1 is Anderson's reverse SDE (Song et al. 2020,
 *   arXiv:2011.13456, eq. 6), 0 the probability-flow ODE (eq. 13), others the family in between and beyond (Karras et
 *   al. 2022, arXiv:2206.00364, eq. 6)
 * @throws where a(t) = 0, and if churn is negative
 */
export function reverseSde(path: Path, t: number, churn = 1): SdeTerms {
  if (!(churn >= 0 && churn < Infinity)) {
    throw new Error(`reverseSde: churn must be a finite number ≥ 0, got ${churn}`);
  }
  const { drift, variance } = driftAndVariance("reverseSde", path, t);
  return {
    state: drift,
    score: (-(1 + churn * churn) * variance) / 2,
    noise: churn * Math.sqrt(variance),
  };
}

/** The probability-flow ODE, dx/dt = f·x - ½·g²·∇ln p: the path's velocity, in terms of the score. */
export function probabilityFlow(path: Path, t: number): SdeTerms {
  return reverseSde(path, t, 0);
}

/** The law of x_t given x_s at an earlier time: N(scale·x_s, deviation²). */
export interface Transition {
  readonly scale: number;
  readonly deviation: number;
}

/**
 * The transition of the forward SDE from time s to a later time t, exactly: scale = a_t/a_s and
 * deviation² = b_t² - scale²·b_s². For an exploding path that is √(σ_t² - σ_s²), not σ_t.
 *
 * @throws unless s ≤ t and a(s) > 0
 */
export function transition(path: Path, s: number, t: number): Transition {
  const from = path.a(s);
  if (!(s <= t) || !(from > 0)) {
    throw new Error(
      `transition: expected times s ≤ t with a(s) > 0 on the path ${path.name}, got ${s} and ${t}`,
    );
  }
  const scale = path.a(t) / from;
  const variance = path.b(t) ** 2 - (scale * path.b(s)) ** 2;
  return { scale, deviation: Math.sqrt(Math.max(variance, 0)) };
}

function driftAndVariance(
  caller: string,
  path: Path,
  t: number,
): { drift: number; variance: number } {
  const a = path.a(t);
  if (!(a > 1e-12)) {
    throw new Error(
      `${caller}: at t = ${t} of the path ${path.name} a is ${a} and the drift a'/a has no limit; start a little before`,
    );
  }
  const drift = path.aPrime(t) / a;
  const growth = noiseGrowth(path, t);
  return { drift, variance: Math.max(0, 2 * growth - 2 * drift * path.b(t) ** 2) };
}

/** b·b', which has a limit where b is 0 and b' infinite: at the data's end of a variance-preserving path. */
function noiseGrowth(path: Path, t: number): number {
  const product = path.b(t) * path.bPrime(t);
  const near = t + 1e-12 * path.end;
  return Number.isNaN(product) ? path.b(near) * path.bPrime(near) : product;
}
