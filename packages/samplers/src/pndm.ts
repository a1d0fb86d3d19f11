import { defineSampler, type Moved, type Step } from "./define-sampler.ts";
import { moveOf } from "./exponential.ts";
import { exponentialEuler, exponentialStep } from "./exponential-step.ts";
import { type Point, pointAt } from "./point.ts";
import type { Sampler } from "./sampler.ts";
import { evenSteps } from "./weight-rule.ts";

/**
 * PNDM (Liu et al. 2022, arXiv:2202.09778, algorithm 1, F-PNDM): Adams and Bashforth's four-step coefficients times
 * DDIM's step, begun by three pseudo Runge–Kutta steps of four evaluations. Order 2, as the paper proves; 4 where σ
 * falls evenly in time.
 *
 * @param times falling, one more than steps
 */
export function pndm(times: readonly number[]): Sampler {
  return pseudoLinear("pndm", times, 4, (ask) => {
    const second = ask(ask.middle, ask.first);
    const third = ask(ask.middle, second);
    const fourth = ask(ask.end, third);
    return [
      [1 / 6, ask.first],
      [1 / 3, second],
      [1 / 3, third],
      [1 / 6, fourth],
    ];
  });
}

/**
 * PLMS, PNDM as Stable Diffusion runs it: begun by one pseudo Heun step of two evaluations, and then lower orders.
 * Order 2.
 *
 * @param times falling, one more than steps
 */
export function plms(times: readonly number[]): Sampler {
  return pseudoLinear("plms", times, 2, (ask) => [
    [1 / 2, ask.first],
    [1 / 2, ask(ask.end, ask.first)],
  ]);
}

/** Asks for the noise at a point that is reached with a noise. */
interface Ask<X> {
  (at: Point, reachedWith: X): X;
  readonly first: X;
  readonly middle: Point;
  readonly end: Point;
}

/** `begin` gives the noise of the steps that have fewer than `enough` predictions to look at. */
function pseudoLinear(
  name: string,
  times: readonly number[],
  enough: number,
  begin: <X>(ask: Ask<X>) => readonly (readonly [number, X])[],
): Sampler {
  return defineSampler(name, 2, times, <X>(step: Step<X>): Moved<X> => {
    const { evaluator, x, history } = step;
    const { path } = evaluator;
    const [from, to] = [pointAt(path, step.from), pointAt(path, step.to)];
    // Pure noise has no σ: that step is one in the data, and nothing is remembered of it.
    if (from.a === 0)
      return { x: exponentialStep(exponentialEuler, "data", evaluator, x, from, to) };
    const first = evaluator.predict(x, from.t, "noise");
    const past = [first, ...history];
    const transfer = (terms: readonly (readonly [number, X])[], target: Point): X => {
      const { keep, weight } = moveOf("noise", from, target, 0);
      return evaluator.combine([[keep, x], ...terms.map(([c, e]) => [weight * c, e] as const)]);
    };
    const remembered = past.slice(0, 3);
    if (past.length >= enough || to.b === 0) {
      const { weight } = moveOf("noise", from, to, 0);
      const nodes = past.map(() => from);
      const weights = evenSteps({ kind: "noise", path, from, to, nodes, eta: 0 });
      const terms = weights.map((w, j) => [w / weight, past[j] as X] as const);
      return { x: transfer(terms, to), history: remembered };
    }
    const predict = (at: Point, noise: X): X =>
      evaluator.predict(transfer([[1, noise]], at), at.t, "noise");
    const middle = pointAt(path, (from.t + to.t) / 2);
    const ask: Ask<X> = Object.assign(predict, { first, middle, end: to });
    return { x: transfer(begin(ask), to), history: remembered };
  });
}
