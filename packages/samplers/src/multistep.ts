import { predictionConversion, type Path } from "@gen/schedules";
import { checkEta, withNoise } from "./ancestral.ts";
import { defineSampler, type Moved, type Step } from "./define-sampler.ts";
import { type Kind, moveOf } from "./exponential.ts";
import { exponentialEuler, exponentialStep } from "./exponential-step.ts";
import { independentNoise, type NoiseSource } from "./noise-source.ts";
import { type Point, pointAt } from "./point.ts";
import { rungeKuttaStep } from "./runge-kutta.ts";
import type { Sampler } from "./sampler.ts";
import type { Tableau } from "./tableau.ts";
import type { WeightRule } from "./weight-rule.ts";

export interface StartOptions {
  /**
   * A Runge–Kutta method for the first steps, while there are not enough predictions, such as `rk4Tableau`. Default:
   * the method itself with a lower order, which costs nothing but bounds the order of convergence.
   */
  readonly start?: Tableau;
}

export interface MultistepOptions extends StartOptions {
  /** What the polynomial goes through: predictions of the data, or of the noise. */
  readonly kind: Kind;
  /** How many predictions a step uses. */
  readonly order: number;
  /** What a prediction counts in a step. */
  readonly weights: WeightRule;
  /** Corrects x with the prediction made at it, before the next step: predictions in it besides that one, and weights. */
  readonly corrector?: { readonly order: number; readonly weights: WeightRule };
  /** Whether the last steps use lower orders, the last one 1: steadier with few steps. Default false. */
  readonly lowerOrderFinal?: boolean;
  /** The noise of the reverse SDE between two points, 0 for the ODE. Default 0. */
  readonly eta?: (from: Point, to: Point) => number;
  /** Where noise comes from. Default `independentNoise`. */
  readonly noise?: NoiseSource;
}

/**
 * A multistep exponential integrator, with a corrector if wanted (Adams' methods in log-SNR): one evaluation a step, and
 * weights for the newest predictions. All of DPM-Solver's, DEIS, LMS, PNDM, UniPC and SA-Solver are made of it.
 *
 * @param name what it calls itself in errors
 * @param order the order of convergence
 * @param times falling, one more than steps
 * @throws if the times do not fall, or an order is not a positive integer
 */
export function multistep(
  name: string,
  order: number,
  times: readonly number[],
  options: MultistepOptions,
): Sampler {
  const { kind, start, corrector, lowerOrderFinal = false } = options;
  const { eta = () => 0, noise = independentNoise } = options;
  checkCount(name, options.order);
  const memory = Math.max(options.order - 1, corrector?.order ?? 0);

  /** Moves x by these predictions, newest first, at these points. */
  const moved = <X>(
    step: Step<X>,
    x: X,
    span: Span,
    predictions: readonly X[],
    rule: WeightRule,
  ): X => {
    const { evaluator } = step;
    const { from, to, nodes } = span;
    const strength = eta(from, to);
    checkEta(name, strength);
    const move = moveOf(kind, from, to, strength);
    const weights = rule({ kind, path: evaluator.path, from, to, nodes, eta: strength });
    const sum = evaluator.combine([
      [move.keep, x],
      ...weights.map((w, j) => [w, predictions[j] as X] as const),
    ]);
    return move.noise === 0 ? sum : withNoise(evaluator, sum, move.noise, noise(step, from, to));
  };

  return defineSampler(name, order, times, <X>(step: Step<X>): Moved<X> => {
    const { evaluator, index, history } = step;
    const { path } = evaluator;
    const point = (i: number): Point => pointAt(path, step.times[i] as number);
    // Pure noise has no σ: the first step is then one in the data, and nothing is remembered of it.
    const first = kind === "noise" && path.a(step.times[0] as number) === 0 ? 1 : 0;
    if (index < first) return { x: outOfPureNoise(step, start) };
    const orderOf = (i: number): number => {
      const left = lowerOrderFinal ? step.times.length - 1 - i : Infinity;
      return Math.min(options.order, i + 1 - first, left);
    };
    const starting = (i: number): boolean => start !== undefined && i + 1 - first < options.order;
    const nodes = (i: number, count: number): Point[] =>
      Array.from({ length: count }, (_, j) => point(i - j));

    const remembers = corrector && history.length > 0 ? 1 : 0;
    const old = history.slice(0, history.length - remembers);
    const newest = evaluator.predict(step.x, step.from, kind);
    const past = [newest, ...old];
    let { x } = step;
    if (corrector && remembers && !starting(index - 1)) {
      const count = Math.min(corrector.order, orderOf(index - 1));
      const [from, to] = [point(index - 1), point(index)];
      const before = { ...step, index: index - 1 };
      const span = { from, to, nodes: nodes(index, count + 1) };
      if (to.lambda - from.lambda < Infinity)
        x = moved(before, history.at(-1) as X, span, past, corrector.weights);
    }
    const remembered = [...past.slice(0, memory), ...(corrector ? [x] : [])];
    const [from, to] = [point(index), point(index + 1)];
    if (start && starting(index)) {
      const slope = velocity(evaluator.path, from.t, kind, x, newest, evaluator.combine);
      const { x: next } = rungeKuttaStep(start, evaluator, x, from.t, to.t, slope);
      return { x: next, history: remembered };
    }
    const span = { from, to, nodes: nodes(index, orderOf(index)) };
    return { x: moved(step, x, span, past, options.weights), history: remembered };
  });
}

interface Span {
  readonly from: Point;
  readonly to: Point;
  readonly nodes: readonly Point[];
}

function outOfPureNoise<X>({ evaluator, x, from, to }: Step<X>, start: Tableau | undefined): X {
  if (start) return rungeKuttaStep(start, evaluator, x, from, to).x;
  const { path } = evaluator;
  return exponentialStep(
    exponentialEuler,
    "data",
    evaluator,
    x,
    pointAt(path, from),
    pointAt(path, to),
  );
}

function velocity<X>(
  path: Path,
  t: number,
  kind: Kind,
  x: X,
  prediction: X,
  combine: Step<X>["evaluator"]["combine"],
): X {
  const conversion = predictionConversion(path, t, kind, "velocity");
  return combine([
    [conversion.input, x],
    [conversion.prediction, prediction],
  ]);
}

/** @throws unless it is a positive integer, of at most the given one */
export function checkCount(name: string, order: number, most: number = Infinity): void {
  if (Number.isInteger(order) && order >= 1 && order <= most) return;
  const wanted = most === Infinity ? "a positive integer" : `an integer from 1 to ${most}`;
  throw new Error(`${name}: order must be ${wanted}, got ${order}`);
}

/** The order of convergence of a method of this order that begins with lower ones, or with another method. */
export function orderFrom(order: number, start: Tableau | undefined, bound = 2): number {
  return start ? Math.min(order, start.order) : Math.min(order, bound);
}
