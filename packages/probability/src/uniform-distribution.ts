import {
  add,
  broadcastTo,
  div,
  greaterEqual,
  less,
  lessEqual,
  log,
  logicalAnd,
  mul,
  neg,
  square,
  sub,
  type Tensor,
  tidy,
  uniform,
  where,
} from "@gen/tensor";
import type { ClosedKl, Distribution, Entropic, Moments } from "./distribution.ts";
import {
  asInput,
  broadcastShape,
  expectEvents,
  expectFinite,
  type Parameter,
} from "./parameter.ts";
import type { Pathwise } from "./tractable.ts";

export interface Interval {
  readonly low: Parameter;
  readonly high: Parameter;
}

export interface UniformDistribution
  extends Distribution, Interval, Pathwise, Moments, Entropic, ClosedKl<Interval> {}

/**
 * Uniform distributions of single numbers on [low, high): log-density −log(high − low) inside, −∞ outside. KL(p ‖ q) is
 * ∞ where p's interval is not within q's. (Named so because `uniform` of @gen/tensor draws numbers.)
 *
 * @throws where plain numbers are not finite or not in order; values of tensors are not read
 */
export function uniformDistribution(low: Parameter, high: Parameter): UniformDistribution {
  expectFinite("uniformDistribution", "low", low);
  expectFinite("uniformDistribution", "high", high);
  if (typeof low === "number" && typeof high === "number" && !(low < high)) {
    throw new Error(`uniformDistribution: low must be below high, got [${low}, ${high})`);
  }
  const batchShape = broadcastShape("uniformDistribution", { low, high });
  const shapes = { batchShape, eventShape: [] };
  const [a, b] = [asInput(low), asInput(high)];
  const width = (): Tensor => sub(b, a);
  return {
    name: "uniformDistribution",
    ...shapes,
    pathwise: true,
    low,
    high,
    logProb: (x) => {
      expectEvents("uniformDistribution.logProb", shapes, x);
      return tidy(() =>
        where(logicalAnd(greaterEqual(x, a), less(x, b)), neg(log(width())), -Infinity),
      );
    },
    sample: (key, shape = []) =>
      tidy(() => add(a, mul(width(), uniform(key, [...shape, ...batchShape])))),
    mean: () => tidy(() => broadcastTo(mul(0.5, add(a, b)), batchShape)),
    variance: () => tidy(() => broadcastTo(div(square(width()), 12), batchShape)),
    entropy: () => tidy(() => broadcastTo(log(width()), batchShape)),
    kl: (q) =>
      tidy(() => {
        const [c, d] = [asInput(q.low), asInput(q.high)];
        const within = logicalAnd(lessEqual(c, a), lessEqual(b, d));
        return where(within, sub(log(sub(d, c)), log(width())), Infinity);
      }),
  };
}
