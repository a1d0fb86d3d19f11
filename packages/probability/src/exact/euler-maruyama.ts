import { foldIn, type Key } from "@gen/random";
import type { SdeTerms } from "./sde.ts";
import type { States } from "./states.ts";

/**
 * One Euler–Maruyama step, x + (state·x + score·s)·h + noise·√|h|·n: of strong order ½ (1 where the noise does not
 * depend on x, as here), weak order 1. Forwards for h > 0, backwards for h < 0.
 *
 * @param score ∇ln p at x; needed unless its coefficient is 0
 * @param h the step in time
 * @param key of the noise
 */
export function eulerMaruyamaStep<X>(
  states: States<X>,
  terms: SdeTerms,
  x: X,
  score: X | undefined,
  h: number,
  key: Key,
): X {
  const sum: [number, X][] = [[1 + terms.state * h, x]];
  if (terms.score !== 0) {
    if (score === undefined) {
      throw new Error("eulerMaruyamaStep: score must be given where its coefficient is not 0");
    }
    sum.push([terms.score * h, score]);
  }
  if (terms.noise !== 0) sum.push([terms.noise * Math.sqrt(Math.abs(h)), states.normal(key, x)]);
  return states.combine(sum);
}

export interface Simulation<X> {
  readonly states: States<X>;
  /** The SDE: `(t) => forwardSde(path, t)`, `(t) => reverseSde(path, t, churn)`. */
  readonly terms: (t: number) => SdeTerms;
  /** ∇ln p_t(x), for an SDE that has it. */
  readonly score?: (x: X, t: number) => X;
  /** The state at times[0]. */
  readonly start: X;
  /** Rising or falling, one more than steps. The terms are taken at the start of each step. */
  readonly times: readonly number[];
  readonly key: Key;
}

/** Simulates an SDE by Euler–Maruyama steps: the states at times[1], times[2], … one after another. */
export function* simulate<X>(simulation: Simulation<X>): Generator<X, void, void> {
  const { states, terms, score, start, times, key } = simulation;
  const steps = times.length - 1;
  const direction = Math.sign((times[1] ?? NaN) - times[0]!);
  const monotone = times.every((t, i) => i === 0 || Math.sign(t - times[i - 1]!) === direction);
  if (!(steps >= 1) || !monotone || !direction) {
    throw new Error(
      `simulate: times must be two or more, all rising or all falling, got [${times.join(", ")}]`,
    );
  }
  let x = start;
  for (let i = 0; i < steps; i++) {
    const t = times[i]!;
    const now = terms(t);
    const pull = now.score === 0 ? undefined : score?.(x, t);
    x = eulerMaruyamaStep(states, now, x, pull, times[i + 1]! - t, foldIn(key, i));
    yield x;
  }
}
