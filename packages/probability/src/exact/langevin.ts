import { foldIn, split, type Key } from "@gen/random";
import type { States } from "./states.ts";

/**
 * One step of unadjusted Langevin dynamics, x + δ/2·∇ln p(x) + √δ·n (Roberts and Tweedie 1996). Its stationary law is p
 * up to an error of order δ: for N(0, 1) the variance is 1/(1 - δ/4). (Some lecture notes lose the root of δ.)
 *
 * @param score ∇ln p at x
 * @param stepSize δ > 0
 */
export function langevinStep<X>(states: States<X>, x: X, score: X, stepSize: number, key: Key): X {
  checkStepSize("langevinStep", stepSize);
  return states.combine([
    [1, x],
    [stepSize / 2, score],
    [Math.sqrt(stepSize), states.normal(key, x)],
  ]);
}

/** A log-density with its score, one number and one row per row. */
export interface LangevinTarget<X> {
  logDensity(x: X): X;
  score(x: X): X;
}

/** Where a Metropolis-adjusted chain stands, with what the next step would otherwise compute again. */
export interface MetropolisState<X> {
  readonly x: X;
  readonly logDensity: X;
  readonly score: X;
}

/** The start of a Metropolis-adjusted chain. */
export function metropolisState<X>(target: LangevinTarget<NoInfer<X>>, x: X): MetropolisState<X> {
  return { x, logDensity: target.logDensity(x), score: target.score(x) };
}

/**
 * One step of the Metropolis-adjusted Langevin algorithm (Besag 1994; Roberts and Tweedie 1996): a Langevin step as the
 * proposal, accepted or refused row by row so that p is stationary exactly, whatever the step size.
 *
 * @param stepSize δ > 0; about 57 % accepted is best in many dimensions
 */
export function metropolisLangevinStep<X>(
  states: States<X>,
  target: LangevinTarget<NoInfer<X>>,
  state: MetropolisState<X>,
  stepSize: number,
  key: Key,
): MetropolisState<X> {
  const [noiseKey, acceptKey] = split(key);
  const proposed = metropolisState(
    target,
    langevinStep(states, state.x, state.score, stepSize, noiseKey),
  );
  // ln q(from | to): how likely the reverse proposal is, up to a constant.
  const logProposal = (to: MetropolisState<X>, from: MetropolisState<X>): X => {
    const miss = states.combine([
      [1, from.x],
      [-1, to.x],
      [-stepSize / 2, to.score],
    ]);
    return states.combine([[-1 / (2 * stepSize), states.dot(miss, miss)]]);
  };
  const logRatio = states.combine([
    [1, proposed.logDensity],
    [-1, state.logDensity],
    [1, logProposal(proposed, state)],
    [-1, logProposal(state, proposed)],
  ]);
  // One key for all three: a row moves as a whole.
  const choose = (part: keyof MetropolisState<X>): X =>
    states.accept(acceptKey, logRatio, proposed[part], state[part]);
  return { x: choose("x"), logDensity: choose("logDensity"), score: choose("score") };
}

export interface AnnealedLangevin<X> {
  readonly states: States<X>;
  /** ∇ln p_σ(x), the score of the data with noise of deviation σ added. */
  readonly score: (x: X, sigma: number) => X;
  readonly start: X;
  /** Falling noise levels, such as `geometricNoiseLevels(1, 0.01, 10)`. */
  readonly sigmas: readonly number[];
  /** T. Default 100. */
  readonly stepsPerLevel?: number;
  /** ε, the step size at the last level; at level i it is ε·σᵢ²/σ_last². Default 2e-5. */
  readonly stepSize?: number;
  readonly key: Key;
}

/**
 * Annealed Langevin dynamics (Song and Ermon 2019, arXiv:1907.05600, algorithm 1): Langevin steps at falling noise
 * levels, with steps in proportion to the variance. Gives the state after every step.
 */
export function* annealedLangevin<X>(options: AnnealedLangevin<X>): Generator<X, void, void> {
  const { states, score, start, sigmas, stepsPerLevel = 100, stepSize = 2e-5, key } = options;
  if (sigmas.length < 1 || !sigmas.every((s, i) => s > 0 && (i === 0 || s < sigmas[i - 1]!))) {
    throw new Error(
      `annealedLangevin: sigmas must be one or more falling positive numbers, got [${sigmas.join(", ")}]`,
    );
  }
  const last = sigmas[sigmas.length - 1]!;
  let x = start;
  for (const [level, sigma] of sigmas.entries()) {
    const levelKey = foldIn(key, level);
    for (let step = 0; step < stepsPerLevel; step++) {
      const size = stepSize * (sigma / last) ** 2;
      x = langevinStep(states, x, score(x, sigma), size, foldIn(levelKey, step));
      yield x;
    }
  }
}

export interface StochasticGradient<X> {
  /** ∇ln p(θ) of the prior. */
  readonly prior: X;
  /** Σ ∇ln p(xᵢ | θ) over the batch. */
  readonly batch: X;
  /** How many data there are, and how many are in the batch. */
  readonly dataCount: number;
  readonly batchCount: number;
}

/**
 * One step of stochastic-gradient Langevin dynamics on parameters θ (Welling and Teh 2011, eq. 4): a Langevin step
 * whose score is estimated from a batch, ∇ln p(θ) + N/n·Σ ∇ln p(xᵢ | θ). With step sizes that fall as
 * `polynomialStepSize` its samples are those of the posterior.
 */
export function stochasticGradientLangevinStep<X>(
  states: States<X>,
  theta: X,
  gradient: StochasticGradient<X>,
  stepSize: number,
  key: Key,
): X {
  const { prior, batch, dataCount, batchCount } = gradient;
  if (!(batchCount >= 1 && batchCount <= dataCount)) {
    throw new Error(
      `stochasticGradientLangevinStep: batchCount must be from 1 to dataCount, got ${batchCount} of ${dataCount}`,
    );
  }
  const score = states.combine([
    [1, prior],
    [dataCount / batchCount, batch],
  ]);
  return langevinStep(states, theta, score, stepSize, key);
}

/**
 * δ_t = a·(b + t)^-γ, whose sum diverges while that of its squares converges for γ in (½, 1] (Welling and Teh 2011,
 * section 4; γ = 0.55 as in its examples).
 */
export function polynomialStepSize(t: number, a: number, b = 1, gamma = 0.55): number {
  return a * (b + t) ** -gamma;
}

function checkStepSize(caller: string, stepSize: number): void {
  if (!(stepSize > 0 && stepSize < Infinity)) {
    throw new Error(`${caller}: stepSize must be a positive number, got ${stepSize}`);
  }
}
