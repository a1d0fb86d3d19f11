import { edm, type Path, pathOfLogSnr, trigonometric } from "@gen/schedules";
import { dormandPrinceFixed, type Sampler, type SamplerState } from "../src/index.ts";
import { arrayEvaluator, type Points } from "./array-evaluator.ts";
import type { Member } from "./members.ts";
import { type Mixture, posteriorMean } from "./mixtures.ts";

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

const LEVELS = 19;

/** Log-SNR that falls evenly over many levels, so that order 5 has an error above rounding. */
const evenLogSnr: Path = pathOfLogSnr({
  name: "evenLogSnr",
  end: 2,
  logSnr: (t) => 12 + LEVELS * (1 - t),
  logSnrPrime: () => -LEVELS,
  inverseLogSnr: (l) => 1 - (l - 12) / LEVELS,
});

/** Where a member's order is measured: inside the path, where everything is smooth, and not too smooth for order 5. */
export function placeOf({ evenSigma, order = 0 }: Member): {
  path: Path;
  from: number;
  to: number;
} {
  if (evenSigma) return { path: edm(), from: 3, to: 0.6 };
  if (order === 5) return { path: evenLogSnr, from: 2, to: 1 };
  return { path: trigonometric, from: 0.85, to: 0.15 };
}

const references = new Map<string, Points>();

/** The slope of the error's logarithm over that of the steps, from 320 steps on, and the last error. */
export function measuredOrder(member: Member, mixture: Mixture): { slope: number; error: number } {
  const { path, from, to } = placeOf(member);
  const { dims } = mixture;
  const { order } = member;
  const evaluator = arrayEvaluator(path, posteriorMean(mixture));
  const x = Float64Array.from(
    { length: 8 * dims },
    (_, i) => 1.5 * Math.sin(3 * i + 1) * path.b(from),
  );
  const solve = (sampler: Sampler): Points => run(sampler, evaluator, { index: 0, x }).x;
  const place = [path.name, to, dims].join();
  const exact = references.get(place) ?? solve(dormandPrinceFixed(evenGrid(from, to, 1600)));
  references.set(place, exact);
  const steps =
    order === 4
      ? ([480, 640] as const)
      : order === 5
        ? ([320, 420] as const)
        : ([320, 480] as const);
  const [coarse, fine] = steps.map((n) =>
    solve(member.make(evenGrid(from, to, n))).reduce(
      (sum, v, i) => sum + Math.abs(v - exact[i]!),
      0,
    ),
  ) as [number, number];
  return { slope: Math.log(coarse / fine) / Math.log(steps[1] / steps[0]), error: fine };
}
