import { divergence, type FieldDivergence } from "@gen/probability";
import {
  add,
  clone,
  dispose,
  div,
  maximum,
  mul,
  reshape,
  settle,
  square,
  sub,
  sum,
  type Tensor,
  tensor1d,
  tidy,
  zeros,
} from "@gen/tensor";
import { checkTimes } from "../check-times.ts";
import type { Denoiser } from "../denoiser.ts";
import { dormandPrince } from "../dormand-prince.ts";
import type { Evaluator } from "../evaluator.ts";
import type { Sampler, SamplerState } from "../sampler.ts";
import { tensorEvaluator } from "../tensor-evaluator.ts";

export interface LogLikelihoodOptions<Condition> {
  /** Differentiable by x. */
  readonly denoiser: Denoiser<Condition>;
  /** The points, [batch, …]. Stay the caller's. */
  readonly data: Tensor;
  /**
   * Falling, as for sampling; they are gone from the last to the first. Default the whole path, from 1e-5 of its end.
   */
  readonly times?: readonly number[];
  /** A Runge–Kutta method: `rk4`, `heun`, `midpoint`, … Default `dormandPrince`, which takes the steps it needs. */
  readonly solver?: (times: readonly number[]) => Sampler;
  /**
   * The divergence of the velocity. Default the exact one, at the cost of a gradient for each dimension. For many
   * dimensions, an unbiased estimate at the cost of one: `(field, x) => hutchinsonDivergence(field, x, key)` of
   * `@gen/probability`, with one key for all steps.
   */
  readonly divergence?: (field: (x: Tensor) => Tensor, x: Tensor) => FieldDivergence;
  /** log-density in nats of x at the first time, [batch]. Default N(0, b²). */
  readonly prior?: (x: Tensor) => Tensor;
  /** Handed to the denoiser at every call. Stays the caller's. */
  readonly condition?: Condition;
  /** Stops before the next step; the loop then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What flows: points, and how much the logarithm of their density has fallen. */
interface Flow {
  readonly x: Tensor;
  readonly fall: Tensor;
}

/**
 * The exact log-likelihood of data under a denoiser's probability-flow ODE (Song et al. 2021, arXiv:2011.13456, eq.
 * 39; Chen et al. 2018, arXiv:1806.07366, theorem 1): the data flow to noise, and log p(x) = log prior(x_T) + ∫
 * ∇·velocity dt. It is a density: for data that were quantised, add `dequantized` noise before and take
 * `bitsPerDimension` of `@gen/probability` after.
 *
 * @returns `nats`, the log-likelihood of each point [batch], and `latents`, where they flow to, of the shape of the
 *   data: sampling from them gives the data again. The caller disposes of both
 * @throws if the solver asks for more than the velocity, or numbers are not finite
 */
export async function logLikelihood<Condition>(
  options: LogLikelihoodOptions<Condition>,
): Promise<{ nats: Tensor; latents: Tensor }> {
  const { denoiser, data, condition, signal } = options;
  const { path } = denoiser;
  const { times = [path.end, 1e-5 * path.end], solver = dormandPrince } = options;
  checkTimes("logLikelihood", times);
  const [first, last] = [times[0] as number, times.at(-1) as number];
  if (first > path.end) {
    throw new Error(
      `logLikelihood: the path ${path.name} ends at t = ${path.end}, got times from ${first}`,
    );
  }
  if (data.rank < 2) {
    throw new Error(
      `logLikelihood: data must be points [batch, …], got [${data.shape.join(", ")}]; ` +
        "give numbers the shape [batch, 1]",
    );
  }
  // Solvers go down in time: they get a clock that runs backwards.
  const mirror = (t: number): number => first + last - t;
  const sampler = solver(times.map(mirror).reverse());
  const evaluator = flowEvaluator(denoiser, condition, mirror, options.divergence ?? divergence);
  const steps = sampler.times.length - 1;
  let state: SamplerState<Flow> = {
    index: 0,
    x: { x: clone(data), fall: zeros([data.shape[0] as number]) },
  };
  try {
    while (state.index < steps) {
      signal?.throwIfAborted();
      const before = state;
      tidy(() => tensorsOf((state = sampler.step(before, evaluator))));
      disposeOthers(before, state);
      await settle(...tensorsOf(state));
      if (!sampler.judge) continue;
      const attempt = state;
      const [, error] = attempt.history as readonly [Flow, Flow];
      state = sampler.judge(attempt, (await error.x.data())[0] as number);
      disposeOthers(attempt, state);
    }
    const { x, fall } = state.x;
    const nats = tidy(
      () => add((options.prior ?? standardPrior(path.b(first)))(x), fall) as Tensor,
    );
    if ((await nats.data()).some((value) => !Number.isFinite(value))) {
      nats.dispose();
      throw new Error(
        `logLikelihood: got numbers that are not finite; ` +
          `look at what the denoiser predicts between t = ${last} and ${first}`,
      );
    }
    return { nats, latents: clone(x) };
  } finally {
    dispose(tensorsOf(state));
  }
}

/** The augmented ODE on the mirrored clock. */
function flowEvaluator<C>(
  denoiser: Denoiser<C>,
  condition: C | undefined,
  mirror: (t: number) => number,
  divergenceOf: NonNullable<LogLikelihoodOptions<C>["divergence"]>,
): Evaluator<Flow> {
  const inner = tensorEvaluator(denoiser, condition);
  const refuse = (what: string) => (): never => {
    throw new Error(
      `logLikelihood: the solver asks for ${what}; take a Runge–Kutta method, which needs the velocity alone`,
    );
  };
  return {
    path: denoiser.path,
    combine: (terms) => ({
      x: inner.combine(terms.map(([c, { x }]) => [c, x])),
      fall: inner.combine(terms.map(([c, { fall }]) => [c, fall])),
    }),
    predict({ x }, t, wanted) {
      if (wanted !== "velocity") return refuse(`the ${wanted}`)();
      const field = (at: Tensor): Tensor => inner.predict(at, mirror(t), "velocity");
      const { value, divergence: change } = divergenceOf(field, x);
      // Against the clock: dx/du = -velocity; and log p at the data is the prior's plus ∫ ∇·velocity dt.
      return { x: mul(value, -1), fall: mul(change, -1) };
    },
    errorNorm(error, from, to, absolute, relative) {
      const norm = maximum(
        inner.errorNorm(error.x, from.x, to.x, absolute, relative),
        inner.errorNorm(error.fall, from.fall, to.fall, absolute, relative),
      ) as Tensor;
      return { x: norm, fall: norm };
    },
    predictWithVariance: refuse("a variance"),
    normal: refuse("noise"),
  };
}

/** log N(x; 0, deviation²) of each sample. */
function standardPrior(deviation: number): (x: Tensor) => Tensor {
  return (x) => {
    const batch = x.shape[0] as number;
    const size = x.size / batch;
    const constant = size * (Math.log(deviation) + Math.log(2 * Math.PI) / 2);
    const squares = sum(square(div(reshape(x, [batch, size]), deviation)), 1);
    return sub(mul(squares, -0.5), tensor1d([constant]));
  };
}

function tensorsOf({ x, history = [] }: SamplerState<Flow>): Tensor[] {
  return [...new Set([x, ...history].flatMap((flow) => [flow.x, flow.fall]))];
}

function disposeOthers(before: SamplerState<Flow>, after: SamplerState<Flow>): void {
  const kept = new Set(tensorsOf(after));
  dispose(tensorsOf(before).filter((tensor) => !kept.has(tensor)));
}
