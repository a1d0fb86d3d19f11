import { defineSampler } from "./define-sampler.ts";
import type { Evaluator, Term } from "./evaluator.ts";
import type { Sampler } from "./sampler.ts";
import type { Tableau } from "./tableau.ts";

export interface RungeKuttaOptions {
  /** The method of a step that ends at t = 0, if it is to be another: one that does not evaluate there. */
  readonly toZero?: Tableau;
}

/**
 * A sampler that follows the probability-flow ODE dx/dt = velocity by an explicit Runge–Kutta method. The velocity
 * comes from whatever the denoiser predicts.
 *
 * @param name what it calls itself in errors
 * @param times falling, one more than steps, such as `uniformGrid(25)`
 * @throws if the times do not fall, or the tableau's rows do not fit
 */
export function rungeKutta(
  name: string,
  tableau: Tableau,
  times: readonly number[],
  options: RungeKuttaOptions = {},
): Sampler {
  const { toZero = tableau } = options;
  checkTableau(name, tableau);
  checkTableau(name, toZero);
  return defineSampler(name, tableau.order, times, ({ evaluator, x, from, to }) => ({
    x: rungeKuttaStep(to === 0 ? toZero : tableau, evaluator, x, from, to).x,
  }));
}

/** One step of the method: where it arrives, and the velocities of its stages. */
export function rungeKuttaStep<X>(
  { a, b, c }: Tableau,
  evaluator: Evaluator<X>,
  x: X,
  from: number,
  to: number,
  first?: X,
): { x: X; slopes: readonly X[] } {
  const h = to - from;
  const slopes: X[] = [];
  const moved = (weights: readonly number[]): X => {
    const terms: Term<X>[] = [[1, x]];
    weights.forEach((w, i) => w !== 0 && terms.push([h * w, slopes[i] as X]));
    return terms.length === 1 ? x : evaluator.combine(terms);
  };
  c.forEach((share, i) => {
    // At share = 1 the time is the grid's own number, not one rounded beside it.
    const time = share === 1 ? to : from + share * h;
    const known = i === 0 ? first : undefined;
    slopes.push(known ?? evaluator.predict(moved(a[i] as readonly number[]), time, "velocity"));
  });
  return { x: moved(b), slopes };
}

function checkTableau(name: string, { a, b, c }: Tableau): void {
  const fits = c.length > 0 && b.length === c.length && a.length === c.length;
  if (!fits || a.some((row, i) => row.length !== i)) {
    throw new Error(
      `${name}: a tableau of ${c.length} stages needs ${c.length} numbers in b and rows of 0 to ${c.length - 1} numbers in a`,
    );
  }
}
