import {
  add,
  argMax,
  cast,
  expandDims,
  gumbel,
  logSoftmax,
  mul,
  oneHot,
  reshape,
  softmax,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
} from "@gen/tensor";
import { split } from "@gen/random";
import type { Distribution, Moments } from "./distribution.ts";
import { logSumExp } from "./log-sum-exp.ts";
import { asTensor, broadcastShape, expectEvents, type Parameter, shapeOf } from "./parameter.ts";

export interface Mixture<D extends Distribution> extends Distribution, Moments {
  readonly logits: Parameter;
  readonly components: D;
}

/**
 * A mixture Σ_k w_k p_k with w = softmax(logits) over the last axis. The components are one distribution whose last batch
 * axis counts them: `mixture(logits, gaussian(means, scales))` with means [..., K]. For components of different kinds see
 * `stacked`. Samples carry no gradient to the weights, and entropy and divergences have no closed form: estimate them
 * (`divergenceBySamples`).
 *
 * @param logits [..., K] or what broadcasts to the batch of the components; from probabilities by `logProbabilities`
 */
export function mixture<D extends Distribution & Moments>(
  logits: Parameter,
  components: D,
): Mixture<D> {
  const count = components.batchShape.at(-1);
  if (count === undefined || shapeOf(logits).at(-1) !== count) {
    throw new Error(
      `mixture: logits must be [..., K] and the components' last batch axis K, got logits [${shapeOf(logits)}] and ` +
        `components of batch [${components.batchShape}]`,
    );
  }
  const { eventShape } = components;
  const all = broadcastShape("mixture", {
    logits,
    components: { shape: components.batchShape },
  });
  const batchShape = all.slice(0, -1);
  const shapes = { batchShape, eventShape };
  const axis = -1 - eventShape.length;
  const eventOnes = eventShape.map(() => 1);
  // [..., K] with the axes of an event behind it.
  const overEvents = (x: Tensor): Tensor => reshape(x, [...x.shape, ...eventOnes]);
  const weighted = (values: Tensor): Tensor => {
    const each = mul(overEvents(softmax(asTensor(logits))), values);
    return sum(each, each.rank + axis);
  };
  const mean = (): Tensor => tidy(() => weighted(components.mean()));
  return {
    name: "mixture",
    ...shapes,
    logits,
    components,
    logProb: (x) => {
      expectEvents("mixture.logProb", shapes, x);
      return tidy(() => {
        const each = components.logProb(expandDims(x, x.rank - eventShape.length));
        return logSumExp(add(logSoftmax(asTensor(logits)), each), -1);
      });
    },
    sample: (key, shape = []) =>
      tidy(() => {
        const [chooseKey, drawKey] = split(key);
        const draws = components.sample(drawKey, [...shape, ...batchesBefore(all, components)]);
        const scores = add(asTensor(logits), gumbel(chooseKey, [...shape, ...all]));
        const chosen = cast(oneHot(argMax(scores, -1), count), draws.dtype);
        return sum(mul(overEvents(chosen), draws), draws.rank + axis);
      }),
    mean,
    variance: () =>
      tidy(() => {
        const spread = sub(components.mean(), expandDims(mean(), axis));
        return weighted(add(components.variance(), square(spread)));
      }),
  };
}

/** The axes that `all` has more than the components' own batch. */
function batchesBefore(all: readonly number[], components: Distribution): number[] {
  return all.slice(0, all.length - components.batchShape.length);
}
