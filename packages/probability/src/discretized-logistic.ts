import {
  add,
  broadcastTo,
  clipByValue,
  exp,
  expandDims,
  expm1,
  greater,
  less,
  linspace,
  log,
  logicalOr,
  mul,
  neg,
  round,
  softplus,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
  where,
} from "@gen/tensor";
import type { Distribution, Moments } from "./distribution.ts";
import { logistic } from "./logistic.ts";
import {
  asInput,
  broadcastShape,
  expectEvents,
  expectFinite,
  type Parameter,
} from "./parameter.ts";

export interface DiscretizedLogistic extends Distribution, Moments {
  readonly loc: Parameter;
  readonly logScale: Parameter;
  readonly levels: number;
}

export interface Levels {
  /** How many values there are, evenly from −1 to 1. Default 256, those of a byte. */
  levels?: number;
}

/**
 * Distributions over the evenly spaced levels −1 … 1 of a pixel: a level has the mass that the logistic distribution has
 * in the interval of width 2/(levels − 1) around it, and the two ends have the tails as well (PixelCNN++, Salimans et
 * al. 2017, arXiv:1701.05517, eq. 2). So the masses sum to 1.
 *
 * Never cancels: log(σ(b) − σ(a)) = log σ(b) + log σ(−a) + log(1 − e^(a−b)), so no case needs the density at the centre
 * that the paper's code falls back to. Samples are levels and carry no gradient. `mean` and `variance` are sums over all
 * levels.
 *
 * @param logScale natural logarithm of the logistic's scale
 */
export function discretizedLogistic(
  loc: Parameter,
  logScale: Parameter,
  { levels = 256 }: Levels = {},
): DiscretizedLogistic {
  const name = "discretizedLogistic";
  expectLevels(name, levels);
  expectFinite(name, "loc", loc);
  expectFinite(name, "logScale", logScale);
  const batchShape = broadcastShape(name, { loc, logScale });
  const shapes = { batchShape, eventShape: [] };
  // Σ over levels of p(level)·value(level), the levels on a new last axis.
  const expected = (value: (level: Tensor) => Tensor): Tensor => {
    const level = linspace(-1, 1, levels);
    const spread = (p: Parameter): Tensor => expandDims(broadcastTo(asInput(p), batchShape), -1);
    const logP = discretizedLogProb(level, spread(loc), spread(logScale), levels);
    return sum(mul(exp(logP), value(level)), -1);
  };
  return {
    name,
    ...shapes,
    loc,
    logScale,
    levels,
    logProb: (x) => {
      expectEvents(`${name}.logProb`, shapes, x);
      return tidy(() => discretizedLogProb(x, asInput(loc), asInput(logScale), levels));
    },
    sample: (key, shape = []) =>
      tidy(() => toLevel(logistic(loc, exp(asInput(logScale))).sample(key, shape), levels)),
    mean: () => tidy(() => expected((level) => level)),
    variance: () =>
      tidy(() => {
        const mean = expected((level) => level);
        return expected((level) => square(sub(level, expandDims(mean, -1))));
      }),
  };
}

export function expectLevels(what: string, levels: number): void {
  if (!(Number.isInteger(levels) && levels >= 2)) {
    throw new Error(`${what}: levels must be an integer of 2 or more, got ${levels}`);
  }
}

type Input = Tensor | number | number[];

/** log P(x) of levels x in [−1, 1]; everything broadcasts. Inside a tidy. */
export function discretizedLogProb(x: Tensor, loc: Input, logScale: Input, levels: number): Tensor {
  const half = 1 / (levels - 1);
  const inverse = exp(neg(logScale));
  const centred = sub(x, loc);
  const logBelow = neg(softplus(neg(mul(add(centred, half), inverse)))); // log σ(b)
  const logAbove = neg(softplus(mul(sub(centred, half), inverse))); // log σ(−a)
  const logWidth = log(neg(expm1(mul(-2 * half, inverse)))); // log(1 − e^(a−b))
  const [first, last] = [less(x, half - 1), greater(x, 1 - half)];
  return add(
    add(where(last, 0, logBelow), where(first, 0, logAbove)),
    where(logicalOr(first, last), 0, logWidth),
  );
}

/** The nearest level of any number. Inside a tidy. */
export function toLevel(x: Tensor, levels: number): Tensor {
  const half = 1 / (levels - 1);
  return sub(mul(round(mul(add(clipByValue(x, -1, 1), 1), 1 / (2 * half))), 2 * half), 1);
}
