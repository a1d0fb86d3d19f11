import { defineSampler } from "./define-sampler.ts";
import { type Kind, moveOf } from "./exponential.ts";
import { exponentialEuler, exponentialStep } from "./exponential-step.ts";
import { type Point, pointAt } from "./point.ts";
import type { Sampler } from "./sampler.ts";
import { midpointRule, polynomial, type Weighted } from "./weight-rule.ts";

/**
 * Singlestep DPM-Solver whose evaluations are at the given times. A step of the method takes `order` of them: each of
 * its stages goes from the method's step's beginning to the next time, by all predictions since. Where a log-SNR is
 * infinite, it is DDIM's step from where it stands.
 */
export function stagesAtTimes(
  name: string,
  kind: Kind,
  times: readonly number[],
  order: 1 | 2 | 3,
): Sampler {
  return defineSampler(name, order, times, (step) => {
    const { evaluator, index, x, history } = step;
    const { path } = evaluator;
    const stage = index % order;
    const points = step.times.slice(index - stage, index + 2).map((t) => pointAt(path, t));
    const nodes = points.slice(0, -1);
    const [from, to] = [points[0] as Point, points.at(-1) as Point];
    if (!(to.lambda - from.lambda < Infinity)) {
      const here = nodes.at(-1) as Point;
      return { x: exponentialStep(exponentialEuler, "data", evaluator, x, here, to) };
    }
    const [begin = x, ...past] = history;
    const predictions = [...past, evaluator.predict(x, step.from, kind)];
    const weights = throughStages({ kind, path, from, to, nodes, eta: 0 });
    const moved = evaluator.combine([
      [moveOf(kind, from, to, 0).keep, begin],
      ...weights.map((weight, i) => [weight, predictions[i] as typeof x] as const),
    ]);
    return { x: moved, ...(stage < order - 1 && { history: [begin, ...predictions] }) };
  });
}

/** Two predictions: their line at the step's middle. Three: the line through the first and the last. */
function throughStages(step: Weighted): readonly number[] {
  const [first, , last] = step.nodes;
  if (!first || !last) return midpointRule(step);
  const [begin = 0, end = 0] = polynomial("logSnr")({ ...step, nodes: [first, last] });
  return [begin, 0, end];
}
