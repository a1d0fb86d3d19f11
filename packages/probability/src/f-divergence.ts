import {
  add,
  exp,
  expm1,
  greater,
  linspace,
  mean,
  mul,
  neg,
  relu,
  softplus,
  sub,
  sum,
  type Tensor,
  tidy,
  where,
} from "@gen/tensor";
import { type Key, split } from "@gen/random";
import type { Density, Samples } from "./tractable.ts";

/**
 * A divergence between distributions that is an average of a function of the log-ratio u = log p(x) − log q(x):
 * E_p[underP(u)] + E_q[underQ(u)], zero for equal distributions.
 */
export interface FDivergence {
  readonly name: string;
  readonly underP?: (logRatio: Tensor) => Tensor;
  readonly underQ?: (logRatio: Tensor) => Tensor;
}

/** KL(p ‖ q) = E_p[log p/q]: what maximum likelihood minimises over q. Not symmetric; see `ClosedKl`. */
export const kullbackLeibler: FDivergence = { name: "kullbackLeibler", underP: (u) => u };

/** KL(q ‖ p): what variational inference minimises over q. */
export const reverseKullbackLeibler: FDivergence = {
  name: "reverseKullbackLeibler",
  underQ: (u) => neg(u),
};

/** ½KL(p ‖ m) + ½KL(q ‖ m) with m = (p + q)/2: symmetric, at most ln 2 nats. (Lin 1991.) */
export const jensenShannon: FDivergence = {
  name: "jensenShannon",
  // log p/m = log 2 − log(1 + e^−u)
  underP: (u) => mul(0.5, sub(Math.LN2, softplus(neg(u)))),
  underQ: (u) => mul(0.5, sub(Math.LN2, softplus(u))),
};

/** ½∫|p − q| = E_p[max(0, 1 − q/p)]: the largest difference of the probabilities of any event, within [0, 1]. */
export const totalVariation: FDivergence = {
  name: "totalVariation",
  underP: (u) => neg(expm1(neg(relu(u)))),
};

/**
 * Monte Carlo estimate of a divergence of two models whose densities are known, from `count` draws of each that is
 * needed. Unbiased, with an error that falls as 1/√count; not differentiable through the draws of models that are not
 * `Pathwise`.
 *
 * @returns one number per member of the batch, in nats; the caller disposes of it
 */
export function divergenceBySamples(
  divergence: FDivergence,
  p: Density & Samples,
  q: Density & Samples,
  key: Key,
  count: number,
): Tensor {
  if (!(Number.isInteger(count) && count > 0)) {
    throw new Error(
      `divergenceBySamples: count must be a whole number of draws above 0, got ${count}`,
    );
  }
  return tidy(() => {
    const [pKey, qKey] = split(key);
    const average = (x: Tensor, of: (u: Tensor) => Tensor): Tensor =>
      mean(of(sub(p.logProb(x), q.logProb(x))), 0);
    const terms: Tensor[] = [];
    if (divergence.underP) terms.push(average(p.sample(pKey, [count]), divergence.underP));
    if (divergence.underQ) terms.push(average(q.sample(qKey, [count]), divergence.underQ));
    return terms.reduce((total, term) => add(total, term));
  });
}

export interface Grid {
  readonly low: number;
  readonly high: number;
  /** How many points. Default 4001. */
  readonly points?: number;
}

/**
 * A divergence of two densities of single numbers by a sum over an even grid: exact to about 1e-6 for smooth densities
 * that have nothing at its ends and beyond, where it is the trapezoidal rule.
 *
 * @returns a scalar in nats; the caller disposes of it
 */
export function divergenceOnGrid(
  divergence: FDivergence,
  p: Density,
  q: Density,
  { low, high, points = 4001 }: Grid,
): Tensor {
  if (!(low < high && Number.isInteger(points) && points >= 2)) {
    throw new Error(
      `divergenceOnGrid: low must be below high and points at least 2, got ${low}, ${high} and ${points}`,
    );
  }
  return tidy(() => {
    const x = linspace(low, high, points);
    const [logP, logQ] = [p.logProb(x), q.logProb(x)];
    const u = sub(logP, logQ);
    const terms: Tensor[] = [];
    const weigh = (logWeight: Tensor, of: (u: Tensor) => Tensor): Tensor =>
      where(greater(logWeight, -Infinity), mul(exp(logWeight), of(u)), 0);
    if (divergence.underP) terms.push(weigh(logP, divergence.underP));
    if (divergence.underQ) terms.push(weigh(logQ, divergence.underQ));
    const total = sum(terms.reduce((all, term) => add(all, term)));
    return mul(total, (high - low) / (points - 1));
  });
}
