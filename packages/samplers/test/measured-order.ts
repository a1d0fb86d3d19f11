import { edm, type Path, trigonometric } from "@gen/schedules";
import { dormandPrinceFixed, type Sampler, type SamplerState } from "../src/index.ts";
import { arrayEvaluator } from "./array-evaluator.ts";
import type { Member } from "./members.ts";
import { type Mixture, posteriorMean } from "./mixtures.ts";
import { type Twofold, twofoldEvaluator } from "./twofold-evaluator.ts";

/** Runs a sampler to its end, or for some steps, on anything. */
export function run<X>(
  sampler: Sampler,
  evaluator: Parameters<typeof sampler.step<X>>[1],
  state: SamplerState<X>,
  until: number = sampler.times.length - 1,
): SamplerState<X> {
  while (state.index < until) {
    const next = sampler.step(state, evaluator);
    const error = next.history?.[1] as unknown as ArrayLike<number>;
    state = sampler.judge ? sampler.judge(next, error[0] as number) : next;
  }
  return state;
}

function evenGrid(from: number, to: number, steps: number): number[] {
  return Array.from({ length: steps + 1 }, (_, i) => from + ((to - from) * i) / steps);
}

/**
 * Where a member's order is measured. Order 5 needs the path nearly to its ends: in the middle its error of 320 steps
 * is that of rounding. A lower start bounds the order by the error of one step: it is measured from where that step has
 * weight, since near the noise the higher order of all others hides it until thousands of steps.
 */
export function placeOf({ evenSigma, lowerStart, order = 0 }: Member): {
  path: Path;
  from: number;
  to: number;
} {
  if (evenSigma) return { path: edm(), from: 3, to: 0.6 };
  if (lowerStart) return { path: trigonometric, from: 0.5, to: 0.25 };
  if (order === 5) return { path: trigonometric, from: 0.98, to: 0.02 };
  return { path: trigonometric, from: 0.85, to: 0.15 };
}

const references = new Map<string, Twofold>();

/** The slope of the error's logarithm over that of the steps, from 320 steps on, and the last error. */
export function measuredOrder(member: Member, mixture: Mixture): { slope: number; error: number } {
  const { path, from, to } = placeOf(member);
  const { dims } = mixture;
  const evaluator = twofoldEvaluator(arrayEvaluator(path, posteriorMean(mixture)));
  const high = Float64Array.from(
    { length: 8 * dims },
    (_, i) => 1.5 * Math.sin(3 * i + 1) * path.b(from),
  );
  const x = { high, low: new Float64Array(high.length) };
  const solve = (sampler: Sampler): Twofold => run(sampler, evaluator, { index: 0, x }).x;
  const place = [path.name, to, dims].join();
  const exact = references.get(place) ?? solve(dormandPrinceFixed(evenGrid(from, to, 1600)));
  references.set(place, exact);
  const errorOf = (steps: number): number => {
    const found = solve(member.make(evenGrid(from, to, steps)));
    return found.high.reduce(
      (sum, v, i) => sum + Math.abs(v - exact.high[i]! + (found.low[i]! - exact.low[i]!)),
      0,
    );
  };
  // Numbers of steps that every method's groups of evaluations divide.
  const steps = member.order === 4 ? ([480, 640] as const) : ([324, 480] as const);
  const [coarse, fine] = [errorOf(steps[0]), errorOf(steps[1])];
  return { slope: Math.log(coarse / fine) / Math.log(steps[1] / steps[0]), error: fine };
}
